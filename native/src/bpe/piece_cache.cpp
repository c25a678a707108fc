#include "merganser/bpe/piece_cache.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace merganser::bpe {
namespace {

// Half of the bytes for pieces of 9 to 15 bytes (two to a line), a quarter for the short ones (four to a line), an eighth each for the long
// ones and for results of many ids.
uint32_t log2_buckets(size_t bytes) { return static_cast<uint32_t>(std::bit_width(std::max<size_t>(bytes / 64, 16)) - 1); }

}  // namespace

PieceCache::PieceCache(size_t bytes, uint32_t vocab_size)
    : table8_(size_t{1} << log2_buckets(bytes / 4)), table16_(size_t{1} << log2_buckets(bytes / 2)), table32_(size_t{1} << log2_buckets(bytes / 8)) {
  view_ = {table8_.data(), table16_.data(), table32_.data(), 32 - log2_buckets(bytes / 4), 32 - log2_buckets(bytes / 2), 32 - log2_buckets(bytes / 8)};
  store_limit_ = std::max<size_t>(bytes / 8 / 4, 4096);
  id_bits_ = vocab_size <= (1u << 18) ? 18 : 27;
  inline_ids_ = id_bits_ == 18 ? 3 : 2;
  id_mask_ = (1u << id_bits_) - 1;
}

uint64_t PieceCache::find(const PieceKey& key, uint32_t size) const {
  if (size <= 8) {
    const Bucket8& bucket = table8_[key.hash >> view_.shift8];
    for (int i = 0; i < 4; ++i) {
      if (bucket.key[i] == key.word[0] && bucket.value[i] >> kLengthShift == size) return bucket.value[i];
    }
    return 0;
  }
  if (size <= 15) {
    const Bucket16& bucket = table16_[key.hash >> view_.shift16];
    for (int i = 0; i < 2; ++i) {
      if (bucket.low[i] == key.word[0] && bucket.high[i] == key.word[1] && bucket.value[i] >> kLengthShift == size) return bucket.value[i];
    }
    return 0;
  }
  const Bucket32& bucket = table32_[key.hash >> view_.shift32];
  return std::memcmp(bucket.key, key.word, 32) == 0 ? bucket.value : 0;
}

uint64_t PieceCache::insert(const PieceKey& key, uint32_t size, const uint32_t* ids, uint32_t count) {
  const uint64_t value = pack(size, ids, count);
  if (size <= 8) {
    Bucket8& bucket = table8_[key.hash >> view_.shift8];
    int place = 0;
    while (place < 4 && bucket.value[place] != 0) ++place;
    if (place == 4) place = static_cast<int>(turn_++ & 3);
    bucket.key[place] = key.word[0];
    bucket.value[place] = value;
  } else if (size <= 15) {
    Bucket16& bucket = table16_[key.hash >> view_.shift16];
    const int place = bucket.value[0] == 0 ? 0 : bucket.value[1] == 0 ? 1 : static_cast<int>(turn_++ & 1);
    bucket.low[place] = key.word[0];
    bucket.high[place] = key.word[1];
    bucket.value[place] = value;
  } else {
    Bucket32& bucket = table32_[key.hash >> view_.shift32];
    std::memcpy(bucket.key, key.word, 32);
    bucket.value = value;
  }
  return value;
}

uint64_t PieceCache::pack(uint32_t size, const uint32_t* ids, uint32_t count) {
  const uint64_t length = static_cast<uint64_t>(size & 15) << kLengthShift;
  if (count > inline_ids_) {
    const uint64_t place = store_.size();
    store_.push_back(count);
    store_.insert(store_.end(), ids, ids + count);
    return place | kStored << kCountShift | length;
  }
  uint64_t value = static_cast<uint64_t>(count) << kCountShift | length;
  for (uint32_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(ids[i]) << (i * id_bits_);
  return value;
}

uint64_t PieceCache::temporary(const uint32_t* ids, uint32_t count) {
  const uint64_t place = temporary_.size();
  temporary_.push_back(count);
  temporary_.insert(temporary_.end(), ids, ids + count);
  return place | kStored << kCountShift | kTemporary;
}

uint32_t* PieceCache::emit_stored(uint64_t value, uint32_t* out) const {
  const uint32_t* ids = stored(value);
  std::memcpy(out, ids + 1, size_t{ids[0]} * 4);
  return out + ids[0];
}

void PieceCache::forget() {
  table8_.clear();
  table16_.clear();
  table32_.clear();
  store_.clear();
}

}  // namespace merganser::bpe
