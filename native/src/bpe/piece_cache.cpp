#include "merganser/bpe/piece_cache.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace merganser::bpe {
namespace {

// 8/15 of the bytes for pieces of 9 to 15 bytes (two to a line), 4/15 for the short ones (four to a line), 2/15 for the long ones, 1/15 for results
// of many ids.
constexpr uint32_t kFirst8 = 12, kFirst16 = 12, kFirst32 = 10;
// Where a megabyte or more comes: what the pieces of two to four fill.
constexpr uint32_t kMuch8 = 13, kMuch16 = 14, kMuch32 = 15;
constexpr size_t kFirstStore = 4096;
// Vocabularies up to this size have ids of 18 bits in their values: Gemma 3's few beyond that are stored.
constexpr uint32_t kMostly18Bits = 3u << 17;
uint64_t stored_value(uint64_t place, uint32_t count) {
  return place | std::min<uint64_t>(count, kMostStored) << kStoredCountShift | kStored << kCountShift;
}
uint32_t log2_limit(size_t bytes, uint32_t first) { return std::max(first, static_cast<uint32_t>(std::bit_width(std::max<size_t>(bytes / 64, 1)) - 1)); }

}  // namespace

PieceCache::PieceCache(size_t bytes, uint32_t vocab_size)
    : table8_(kFirst8, log2_limit(bytes / 15 * 4, kFirst8)),
      table16_(kFirst16, log2_limit(bytes / 15 * 8, kFirst16)),
      table32_(kFirst32, log2_limit(bytes / 15 * 2, kFirst32)),
      store_limit_(std::max(bytes / 15 / sizeof(uint32_t), kFirstStore)),
      store_(kFirstStore, store_limit_),
      id_bits_(vocab_size <= kMostly18Bits ? 18 : 27),
      inline_ids_(54 / id_bits_) {}

void PieceCache::expect_much() {
  table8_.expect_much(kMuch8);
  table16_.expect_much(kMuch16);
  table32_.expect_much(kMuch32);
}

uint64_t PieceCache::find(const PieceKey& key, uint32_t size) const {
  if (size <= 8) return table8_.find(key, size);
  return size <= 15 ? table16_.find(key, size) : table32_.find(key, size);
}

void PieceCache::prefetch_second(const PieceKey& key, uint32_t size) const {
  if (size <= 8) return table8_.prefetch_second(key);
  size <= 15 ? table16_.prefetch_second(key) : table32_.prefetch_second(key);
}

bool PieceCache::is_crowded(const PieceKey& key, uint32_t size) const {
  if (size <= 8) return table8_.is_crowded(key);
  return size <= 15 ? table16_.is_crowded(key) : table32_.is_crowded(key);
}

uint64_t PieceCache::find_or_keep(const PieceKey& key, uint32_t size, const uint32_t* ids, uint32_t count, bool& kept) {
  const auto make = [&] { return pack(size, ids, count); };
  if (size <= 8) return table8_.find_or_keep(key, size, make, kept);
  return size <= 15 ? table16_.find_or_keep(key, size, make, kept) : table32_.find_or_keep(key, size, make, kept);
}

uint64_t PieceCache::pack(uint32_t size, const uint32_t* ids, uint32_t count) {
  // Never 0, so that a value is not either where there are no ids.
  const uint64_t length = uint64_t{std::min(size, kLongestShort)} << kLengthShift;
  if (!fits(ids, count)) return stored_value(store(ids, count), count) | length;
  uint64_t value = static_cast<uint64_t>(count) << kCountShift | length;
  for (uint32_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(ids[i]) << (i * id_bits_);
  return value;
}

uint64_t PieceCache::temporary(const uint32_t* ids, uint32_t count) {
  uint32_t* place;
  const uint64_t value = temporary(count, place);
  std::copy(ids, ids + count, place);
  return value;
}

uint64_t PieceCache::temporary(uint32_t count, uint32_t*& ids) {
  const size_t place = temporary_.size();
  temporary_.resize(place + record_size(count));
  temporary_[place] = count;
  ids = temporary_.data() + place + 1;
  return stored_value(place, count) | kTemporary;
}

uint32_t PieceCache::store(const uint32_t* ids, uint32_t count) {
  uint32_t* const record = store_.data() + stored_;
  while (stored_ + record_size(count) > store_.size()) store_.grow(std::min(2 * store_.size(), store_limit_));
  record[0] = count;
  std::copy(ids, ids + count, record + 1);
  const size_t place = std::exchange(stored_, stored_ + record_size(count));
  return static_cast<uint32_t>(place);
}

uint64_t PieceCache::count(const uint64_t* values, uint32_t count) const {
  static const auto count_values = MERGANSER_SELECT(count_ids);
  return count_values(values, count, {store_.data(), temporary_.data()});
}

uint32_t* PieceCache::write(const uint64_t* values, uint32_t count, uint32_t* out) const {
  static const auto write18 = MERGANSER_SELECT(write_ids18), write27 = MERGANSER_SELECT(write_ids27);
  return (id_bits_ == 18 ? write18 : write27)(values, count, {store_.data(), temporary_.data()}, out);
}

void PieceCache::forget() {
  table8_.clear();
  table16_.clear();
  table32_.clear();
  stored_ = 0;
}

}  // namespace merganser::bpe
