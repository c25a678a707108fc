#include "merganser/training/word_order.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::training {
namespace {

constexpr uint64_t kSmallCounts = UINT16_MAX;
constexpr size_t kKeys = size_t{1} << 16;
constexpr size_t kPartSlots = size_t{1} << 16;  // that are worth a thread

uint16_t first_bytes(WordView word) { return static_cast<uint16_t>(word.bytes[0] << 8 | (word.size > 1 ? word.bytes[1] : 0)); }

// The words of some slots, with how many have each first bytes and each place.
struct Found {
  std::vector<WordPlace> places;
  std::vector<uint32_t> fronts, ends;

  Found() : fronts(kKeys), ends(kKeys) {}
  void add(const WordTable& words, size_t slot) {
    const uint64_t count = words.count_at(slot);
    if (count == 0) return;
    const WordView word = words.word_at(slot);
    if (word.size < 2) return;
    places.push_back({static_cast<uint32_t>(slot), word.size, first_bytes(word), static_cast<uint16_t>(kSmallCounts - std::min(count, kSmallCounts))});
    ++fronts[places.back().front];
    ++ends[places.back().place];
  }
};

// Numbers of keys become where the first of each key goes; those of the first part come first.
void numbers_to_places(const std::vector<std::vector<uint32_t>*>& parts) {
  uint32_t sum = 0;
  for (size_t key = 0; key < kKeys; ++key) {
    for (std::vector<uint32_t>* part : parts) sum += std::exchange((*part)[key], sum);
  }
}

}  // namespace

// Two counting sorts, as most counts are small.
std::vector<WordPlace> order_of(const WordTable& words) {
  const size_t parts = std::clamp<size_t>(words.slots() / kPartSlots, 1, parallel::ThreadPool::shared().size());
  std::vector<Found> found(parts);
  const auto each_part = [&](const std::function<void(size_t)>& body) { parallel::parallel_for(static_cast<unsigned>(parts), parts, body); };
  each_part([&](size_t part) {
    found[part].places.reserve(words.size() / parts);
    const size_t end = words.slots() * (part + 1) / parts;
    for (size_t slot = words.slots() * part / parts; slot < end; ++slot) found[part].add(words, slot);
  });

  std::vector<std::vector<uint32_t>*> fronts;
  for (Found& part : found) fronts.push_back(&part.fronts);
  numbers_to_places(fronts);
  size_t count = 0;
  for (const Found& part : found) count += part.places.size();
  std::vector<WordPlace> by_front(count);
  each_part([&](size_t part) {
    for (const WordPlace& place : found[part].places) by_front[found[part].fronts[place.front]++] = place;
    found[part].places = {};
  });

  std::vector<uint32_t>& ends = found[0].ends;
  for (size_t part = 1; part < parts; ++part) std::transform(ends.begin(), ends.end(), found[part].ends.begin(), ends.begin(), std::plus());
  const size_t large = ends[0];
  numbers_to_places({&ends});
  std::vector<WordPlace> places(count);
  for (const WordPlace& place : by_front) places[ends[place.place]++] = place;
  std::stable_sort(places.begin(), places.begin() + static_cast<ptrdiff_t>(large),
                   [&](const WordPlace& a, const WordPlace& b) { return words.count_at(a.slot) > words.count_at(b.slot); });
  return places;
}

}  // namespace merganser::training
