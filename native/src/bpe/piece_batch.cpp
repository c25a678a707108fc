#include "merganser/bpe/piece_batch.hpp"

#include <cstring>

namespace merganser::bpe {
namespace {

constexpr uint32_t kReadAhead = 32;    // bytes read from the start of a piece
constexpr size_t kLongPieces = 16;     // one part in so many of the cache's bytes is for long pieces

}  // namespace

PieceBatch::PieceBatch(const Model& model, size_t cache_bytes)
    : model_(model), cache_(cache_bytes - cache_bytes / kLongPieces, model.spec().vocab_size()), miss_path_(model, cache_bytes / kLongPieces) {}

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
    if (!miss_path_.resolve(cache_, base_, bounds_, misses, missed, values)) forget_ = true;
  }
  if (direct == count_) return;
  const uint32_t from = bounds_[direct], size = bounds_[count_] - from;
  padded_.assign(size + kReadAhead, 0);
  std::memcpy(padded_.data(), base_ + from, size);
  uint32_t bounds[kReadAhead + 1];  // at most one piece a byte
  for (uint32_t i = direct; i <= count_; ++i) bounds[i - direct] = bounds_[i] - from;
  const uint32_t missed = look_up_pieces(cache_.view(), padded_.data(), bounds, count_ - direct, values + direct, misses);
  if (!miss_path_.resolve(cache_, padded_.data(), bounds, misses, missed, values + direct)) forget_ = true;
}

void PieceBatch::write(const uint64_t* values) {
  if (!out_) {
    total_ += cache_.count(values, count_);
    return;
  }
  // Every id stands for a byte at least, save for what a suffix adds to a piece.
  const size_t bound = bounds_[count_] + count_ * model_.spec().end_of_word_suffix.size() + PieceCache::kOvershoot;
  uint32_t* const begin = out_->room(bound);
  uint32_t* const end = cache_.write(values, count_, begin);
  total_ += static_cast<uint64_t>(end - begin);
  out_->taken(end);
}

}  // namespace merganser::bpe
