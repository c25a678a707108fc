#include "merganser/clustering/linkage.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "merganser/clustering/linkage_rows.hpp"
#include "merganser/parallel/huge_pages.hpp"
#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::clustering {
namespace {

constexpr size_t kRoomMultiple = 16, kCacheLine = 8;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

auto select_join(Linkage linkage) {
  switch (linkage) {
    case Linkage::ward:
      return MERGANSER_SELECT(join_ward);
    case Linkage::average:
      return MERGANSER_SELECT(join_average);
    default:
      return MERGANSER_SELECT(join_complete);
  }
}

// The clusters that are left, each in a place of its own: rows and columns of the matrix, in the order of their numbers. A row knows of the clusters that were there when it was last made current; the
// distance to a later one stands in the later one's row only.
class Clusters {
 public:
  Clusters(const CondensedDistances& distances, Linkage linkage)
      : join_(select_join(linkage)), memory_(memory_of(distances.points)), data_(reinterpret_cast<double*>(memory_.data())) {
    set_room(distances.points);
    copy(distances);
    left_.resize(used_);
    for (size_t i = 0; i < used_; ++i) left_[i] = static_cast<uint32_t>(i);
    numbers_ = left_;
    sizes_.assign(room_, 1);
    seen_.assign(used_, 0);
    gone_.assign(room_, 0);
    std::fill(gone_.begin() + static_cast<ptrdiff_t>(used_), gone_.end(), kInfinite);
  }

  size_t first() const { return left_[0]; }
  uint32_t number_of(size_t place) const { return numbers_[place]; }
  // The nearest other cluster; of equally near ones the first, but `preferred` if it is one of them.
  size_t nearest_to(size_t place, size_t preferred) {
    static const auto place_of_least = MERGANSER_SELECT(least_place);
    make_current(place);
    const double* const distances = row(place);
    const size_t nearest = place_of_least(distances, gone_.data(), room_);
    return preferred != SIZE_MAX && distances[preferred] == distances[nearest] ? preferred : nearest;
  }

  // first < second become one, in the second's place. Gives their distance.
  double merge(size_t first, size_t second) {
    make_current(first);
    make_current(second);
    const double apart = row(first)[second];
    left_.erase(std::lower_bound(left_.begin(), left_.end(), static_cast<uint32_t>(first)));
    gone_[first] = kInfinite;
    join_(row(first), row(second), sizes_.data(), room_, {sizes_[first], sizes_[second], apart});
    row(second)[second] = kInfinite;
    sizes_[second] += sizes_[first];
    std::erase_if(merged_, [&](const Merged& one) { return one.place == first || one.place == second; });
    merged_.push_back({static_cast<uint32_t>(second), ++time_});
    seen_[second] = time_;
    return apart;
  }

  // Packs the matrix if half of it is gone. `places` of clusters that are left are told their new ones.
  void pack(std::vector<size_t>& places) {
    if (left_.size() * 2 > used_ || used_ <= kRoomMultiple) return;
    for (const uint32_t place : left_) make_current(place);
    merged_.clear();
    const size_t stride = stride_;
    std::vector<size_t> moved(used_);
    set_room(left_.size());
    for (size_t i = 0; i < used_; ++i) {
      const double* const from = data_ + left_[i] * stride;
      for (size_t j = 0; j < used_; ++j) row(i)[j] = from[left_[j]];
      std::fill(row(i) + used_, row(i) + room_, 0);
      moved[left_[i]] = i;
      numbers_[i] = numbers_[left_[i]];
      sizes_[i] = sizes_[left_[i]];
      gone_[i] = 0;
      seen_[i] = time_;
    }
    for (size_t& place : places) place = moved[place];
    for (size_t i = 0; i < used_; ++i) left_[i] = static_cast<uint32_t>(i);
    std::fill(gone_.begin() + static_cast<ptrdiff_t>(used_), gone_.end(), kInfinite);
  }

 private:
  struct Merged {
    uint32_t place, time;
  };

  // An odd number of cache lines: columns of a matrix whose rows are a power of two would all want the same places in the cache.
  static size_t stride_of(size_t points) { return (points + kRoomMultiple - 1) / kRoomMultiple * kRoomMultiple + kCacheLine; }

  // On huge pages: what goes from row to row would otherwise need a page each.
  static parallel::KeptBuffer memory_of(size_t points) {
    size_t bytes = points * stride_of(points) * sizeof(double);
    if (bytes < parallel::kManyBytes) return parallel::KeptBuffer(bytes);
    if (const auto kept = parallel::KeptMemory::shared().take(bytes); kept.data) return parallel::KeptBuffer(kept);
    void* const data = parallel::allocate_huge(bytes);
    if (!data) throw std::bad_alloc();
    return parallel::KeptBuffer(parallel::KeptMemory::Block{data, bytes});
  }

  double* row(size_t place) { return data_ + place * stride_; }

  void set_room(size_t points) {
    used_ = points;
    stride_ = stride_of(points);
    room_ = stride_ - kCacheLine;
  }

  void make_current(size_t place) {
    double* const own = row(place);
    for (size_t i = merged_.size(); i-- > 0 && merged_[i].time > seen_[place];) own[merged_[i].place] = row(merged_[i].place)[place];
    seen_[place] = time_;
  }

  // Tile by tile, so that what is read across is still in the cache for its neighbours.
  void copy(const CondensedDistances& distances) {
    constexpr size_t kTile = 32;
    const size_t points = distances.points;
    const auto from = [&](size_t i) { return distances.data + points * i - i * (i + 1) / 2 - i - 1; };
    for (size_t top = 0; top < points; top += kTile) {
      const size_t bottom = std::min(points, top + kTile);
      for (size_t left = top; left < points; left += kTile) {
        const size_t right = std::min(points, left + kTile);
        for (size_t i = top; i < bottom; ++i) {
          const size_t begin = std::max(left, i + 1);
          // Of −0 a sum makes 0.
          for (size_t j = begin; j < right; ++j) row(i)[j] = from(i)[j] + 0.0;
        }
        for (size_t j = left; j < right; ++j) {
          double* const to = row(j);
          for (size_t i = top; i < std::min(bottom, j); ++i) to[i] = from(i)[j] + 0.0;
        }
      }
      for (size_t i = top; i < bottom; ++i) {
        row(i)[i] = kInfinite;
        std::fill(row(i) + points, row(i) + room_, 0);
      }
    }
  }

  decltype(select_join(Linkage::ward)) join_;
  parallel::KeptBuffer memory_;
  double* data_;
  // Of the places: how many there are, in whole vectors, and from row to row.
  size_t used_ = 0, room_ = 0, stride_ = 0;
  // Places of clusters that are left, ascending.
  std::vector<uint32_t> left_;
  std::vector<uint32_t> numbers_;
  std::vector<double> sizes_, gone_;
  // Merges so far; clusters that merges since the matrix was packed have made, and are left, the latest last; and up to when each row is current.
  uint32_t time_ = 0;
  std::vector<Merged> merged_;
  std::vector<uint32_t> seen_;
};

}  // namespace

size_t link_clusters(const CondensedDistances& distances, Linkage linkage, const std::atomic<bool>* cancelled, uint32_t* pairs, double* heights) {
  static const auto find_unfit = MERGANSER_SELECT(first_unfit);
  const size_t count = distances.points * (distances.points - 1) / 2, unfit = find_unfit(distances.data, count, kDistanceLimit);
  if (unfit < count) return unfit;
  Clusters clusters(distances, linkage);
  std::vector<size_t> chain;
  for (size_t merged = 0; merged + 1 < distances.points && !(cancelled && *cancelled); ++merged) {
    if (chain.empty()) chain.push_back(clusters.first());
    for (;;) {
      const size_t before = chain.size() > 1 ? chain[chain.size() - 2] : SIZE_MAX;
      const size_t nearest = clusters.nearest_to(chain.back(), before);
      if (nearest == before) break;
      chain.push_back(nearest);
    }
    size_t first = chain[chain.size() - 1], second = chain[chain.size() - 2];
    if (second < first) std::swap(first, second);
    chain.resize(chain.size() - 2);
    pairs[2 * merged] = clusters.number_of(first);
    pairs[2 * merged + 1] = clusters.number_of(second);
    heights[merged] = clusters.merge(first, second);
    clusters.pack(chain);
  }
  return SIZE_MAX;
}

}  // namespace merganser::clustering
