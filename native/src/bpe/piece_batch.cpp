#include "merganser/bpe/piece_batch.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace merganser::bpe {
namespace {

constexpr uint32_t kReadAhead = 32;  // bytes read from the start of a piece

}  // namespace

uint32_t* IdBuffer::room(size_t count) {
  if (size_ + count > capacity_) {
    const size_t capacity = std::max(size_ + count, capacity_ + capacity_ / 2 + 1024);
    void* data = std::realloc(data_, capacity * sizeof(uint32_t));
    if (!data) throw std::bad_alloc();
    data_ = static_cast<uint32_t*>(data);
    capacity_ = capacity;
  }
  return data_ + size_;
}

void IdBuffer::shrink() {
  constexpr size_t kSmall = size_t{1} << 18;
  if (capacity_ <= kSmall) return;
  std::free(data_);
  data_ = nullptr;
  size_ = capacity_ = 0;
}

PieceBatch::PieceBatch(const Model& model, size_t cache_bytes) : model_(model), cache_(cache_bytes, model.spec().vocab_size()) {}

void PieceBatch::start(IdBuffer* out, uint64_t limit) {
  out_ = out;
  limit_ = limit;
  total_ = 0;
  count_ = 0;
}

void PieceBatch::begin_stretch(const uint8_t* text, const uint8_t* readable_end) {
  base_ = text;
  readable_end_ = readable_end;
  bounds_[0] = 0;
  count_ = 0;
}

void PieceBatch::push_id(uint32_t id) {
  ++total_;
  if (out_) out_->push(id);
}

void PieceBatch::drop(uint32_t piece) {
  dropped_[piece / 64] |= uint64_t{1} << (piece % 64);
  any_dropped_ = true;
}

void PieceBatch::flush() {
  if (count_ == 0) return;
  uint64_t values[kRoom];
  look_up(values);
  if (any_dropped_) {
    for (uint32_t i = 0; i < count_; ++i) {
      if (dropped_[i / 64] >> (i % 64) & 1) values[i] = 0;
    }
    std::memset(dropped_, 0, sizeof dropped_);
    any_dropped_ = false;
  }
  write(values);
  cache_.end_batch();
  if (forget_) cache_.forget();
  forget_ = false;
  base_ += bounds_[count_];
  bounds_[0] = 0;
  count_ = 0;
}

// Pieces that begin too near the end of readable memory are looked up in a padded copy.
void PieceBatch::look_up(uint64_t* values) {
  static const auto look_up_pieces = MERGANSER_SELECT(look_up_pieces);
  uint16_t misses[kRoom];
  uint32_t direct = count_;
  while (direct > 0 && base_ + bounds_[direct - 1] + kReadAhead > readable_end_) --direct;
  if (direct > 0) {
    const uint32_t missed = look_up_pieces(cache_.view(), base_, bounds_, direct, values, misses);
    resolve(base_, bounds_, values, misses, missed);
  }
  if (direct == count_) return;
  const uint32_t from = bounds_[direct], size = bounds_[count_] - from;
  padded_.assign(size + kReadAhead, 0);
  std::memcpy(padded_.data(), base_ + from, size);
  uint32_t bounds[kReadAhead + 1];  // at most one piece a byte
  for (uint32_t i = direct; i <= count_; ++i) bounds[i - direct] = bounds_[i] - from;
  const uint32_t missed = look_up_pieces(cache_.view(), padded_.data(), bounds, count_ - direct, values + direct, misses);
  resolve(padded_.data(), bounds, values + direct, misses, missed);
}

void PieceBatch::resolve(const uint8_t* text, const uint32_t* bounds, uint64_t* values, const uint16_t* misses, uint32_t missed) {
  for (uint32_t i = 0; i < missed; ++i) {
    const uint32_t piece = misses[i];
    values[piece] = value_of(text + bounds[piece], bounds[piece + 1] - bounds[piece]);
  }
}

uint64_t PieceBatch::value_of(const uint8_t* piece, uint32_t size) {
  if (size > kLongestKey) {
    ids_.clear();
    model_.encode(piece, size, ids_, scratch_);
    return cache_.temporary(ids_.data(), static_cast<uint32_t>(ids_.size()));
  }
  // An earlier miss of the same batch may have brought it.
  const PieceKey key = piece_key(piece, size);
  if (const uint64_t value = cache_.find(key, size)) return value;
  ids_.clear();
  model_.encode(piece, size, ids_, scratch_);
  const uint32_t count = static_cast<uint32_t>(ids_.size());
  if (forget_ || cache_.full_for(count)) {
    forget_ = true;
    return cache_.temporary(ids_.data(), count);
  }
  return cache_.insert(key, size, ids_.data(), count);
}

void PieceBatch::write(const uint64_t* values) {
  if (!out_) {
    for (uint32_t i = 0; i < count_; ++i) total_ += cache_.count_of(values[i]);
    return;
  }
  // Every id stands for a byte at least, save for what a suffix adds to a piece; three more may be written than there are.
  const size_t bound = bounds_[count_] + count_ * model_.spec().end_of_word_suffix.size() + 3;
  uint32_t* const begin = out_->room(bound);
  uint32_t* end = begin;
  for (uint32_t i = 0; i < count_; ++i) end = cache_.emit(values[i], end);
  total_ += static_cast<uint64_t>(end - begin);
  out_->taken(end);
}

}  // namespace merganser::bpe
