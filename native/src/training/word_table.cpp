#include "merganser/training/word_table.hpp"

#include <algorithm>
#include <utility>

namespace merganser::training {
namespace {

constexpr size_t kFirstCapacity = size_t{1} << 12;
constexpr uint32_t kBatch = 64;  // look-ups in flight

// keep_mask + 16 − n has n bytes of ones, then zeros.
alignas(32) constexpr uint8_t keep_mask[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

uint64_t load(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, 8);
  return word;
}

uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a ^ 0x9E3779B97F4A7C15u) * (b ^ 0xC2B2AE3D27D4EB4Fu);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

WordTable::WordTable() { resize(kFirstCapacity); }

WordTable::Key WordTable::inline_key(const uint8_t* word, uint32_t size) {
  const uint8_t* const mask = keep_mask + 16 - size;
  return {load(word) & load(mask), (load(word + 8) & load(mask + 8)) | uint64_t{size} << 56};
}

uint64_t WordTable::hash_of(Key key) { return mix(key.low, key.high); }

uint64_t WordTable::hash_of_long(const uint8_t* word, uint32_t size) {
  uint64_t hash = size;
  for (uint32_t i = 0; i + 16 <= size; i += 16) hash = mix(load(word + i) ^ hash, load(word + i + 8));
  return mix(load(word + size - 16) ^ hash, load(word + size - 8));
}

void WordTable::add(const uint8_t* word, uint32_t size, uint64_t count) {
  total_ += count;
  if (size > kLongestInline) return add_long(word, size, hash_of_long(word, size), count);
  uint8_t padded[kReadAhead] = {};
  std::memcpy(padded, word, size);
  const Key key = inline_key(padded, size);
  add_inline(key, hash_of(key), count);
}

// In rounds without branches that depend on the data: keys and prefetches first, then the look-ups.
void WordTable::add_pieces(const uint8_t* base, const uint32_t* bounds, uint32_t count) {
  Key keys[kBatch];
  uint64_t hashes[kBatch];
  total_ += count;
  for (uint32_t first = 0; first < count; first += kBatch) {
    const uint32_t batch = std::min(kBatch, count - first);
    const uint32_t* const from = bounds + first;
    Slot* slots = slots_->data();
    size_t mask = capacity_ - 1;
    for (uint32_t i = 0; i < batch; ++i) {
      const uint8_t* const word = base + from[i];
      const uint32_t size = from[i + 1] - from[i];
      const bool is_long = size > kLongestInline;
      const Key key = is_long ? Key{0, UINT64_MAX} : inline_key(word, size);  // no slot has that
      const uint64_t hash = is_long ? hash_of_long(word, size) : hash_of(key);
      __builtin_prefetch(slots + (hash & mask));
      keys[i] = key;
      hashes[i] = hash;
    }
    for (uint32_t i = 0; i < batch; ++i) {
      Slot& slot = slots[hashes[i] & mask];
      const Key key = keys[i];
      if (slot.key.low == key.low && slot.key.high == key.high) [[likely]] {
        ++slot.count;
        continue;
      }
      if (key.is_long()) {
        add_long(base + from[i], from[i + 1] - from[i], hashes[i], 1);
      } else {
        add_inline(key, hashes[i], 1);
      }
      slots = slots_->data();
      mask = capacity_ - 1;
    }
  }
}

void WordTable::add_all(const WordTable& other) {
  for (size_t slot = 0; slot < other.capacity_; ++slot) {
    const Slot& entry = (*other.slots_)[slot];
    if (entry.count == 0) continue;
    total_ += entry.count;
    if (entry.key.is_long()) {
      const WordView word = other.stored(entry.key);
      add_long(word.bytes, word.size, entry.key.low, entry.count);
    } else {
      add_inline(entry.key, hash_of(entry.key), entry.count);
    }
  }
}

void WordTable::clear() {
  resize(kFirstCapacity);
  used_ = 0;
  total_ = 0;
  store_ = {};
}

WordView WordTable::word_at(size_t slot) const {
  const Key& key = (*slots_)[slot].key;
  if (key.is_long()) return stored(key);
  return {reinterpret_cast<const uint8_t*>(&key), static_cast<uint32_t>(key.high >> 56)};
}

WordView WordTable::stored(Key key) const {
  const uint8_t* const entry = store_.data() + (key.high & ~kLong);
  uint32_t size;
  std::memcpy(&size, entry, sizeof size);
  return {entry + sizeof size, size};
}

void WordTable::add_inline(Key key, uint64_t hash, uint64_t count) {
  for (size_t at = hash & (capacity_ - 1);; at = (at + 1) & (capacity_ - 1)) {
    Slot& slot = (*slots_)[at];
    if (slot.key.low == key.low && slot.key.high == key.high) {  // never that of an empty slot: the length is not 0
      slot.count += count;
      come_first(slot, hash);
      return;
    }
    if (slot.count == 0) return enter(at, key, count);
  }
}

void WordTable::add_long(const uint8_t* word, uint32_t size, uint64_t hash, uint64_t count) {
  for (size_t at = hash & (capacity_ - 1);; at = (at + 1) & (capacity_ - 1)) {
    Slot& slot = (*slots_)[at];
    if (slot.count == 0) {
      const size_t place = store_.size();
      store_.resize(place + sizeof size + size);
      std::memcpy(store_.data() + place, &size, sizeof size);
      std::memcpy(store_.data() + place + sizeof size, word, size);
      return enter(at, {hash, place | kLong}, count);
    }
    if (slot.key.low != hash || !slot.key.is_long()) continue;
    const WordView other = stored(slot.key);
    if (other.size == size && std::memcmp(other.bytes, word, size) == 0) {
      slot.count += count;
      come_first(slot, hash);
      return;
    }
  }
}

// Of the words that want one slot the most frequent is to have it, as it is found there without a branch that is hard to foresee. All slots between stay full, so that the other is found too.
void WordTable::come_first(Slot& slot, uint64_t hash) {
  Slot& home = (*slots_)[hash & (capacity_ - 1)];
  if (slot.count > home.count) std::swap(slot, home);
}

void WordTable::enter(size_t slot, Key key, uint64_t count) {
  (*slots_)[slot] = {key, count};
  if (++used_ * 10 > capacity_ * 8) resize(2 * capacity_);
}

// Growing keeps the entries; shrinking drops them.
void WordTable::resize(size_t capacity) {
  const auto old = std::move(slots_);
  const size_t old_capacity = capacity_;
  slots_ = std::make_unique<parallel::HugeArray<Slot>>(capacity);
  capacity_ = capacity;
  for (size_t i = 0; capacity > old_capacity && i < old_capacity; ++i) {
    const Slot& entry = (*old)[i];
    if (entry.count == 0) continue;
    size_t at = (entry.key.is_long() ? entry.key.low : hash_of(entry.key)) & (capacity - 1);
    while ((*slots_)[at].count != 0) at = (at + 1) & (capacity - 1);
    (*slots_)[at] = entry;
  }
}

}  // namespace merganser::training
