#include "merganser/bpe/piece_batch.hpp"

#include <cstring>

namespace merganser::bpe {
namespace {

constexpr uint32_t kReadAhead = 32;    // bytes read from the start of a piece
constexpr size_t kMuchText = size_t{1} << 20;  // bytes whose pieces take more than clearing the tables' first huge pages
constexpr size_t kLongPieces = 16;     // one part in so many of the cache's bytes is for long pieces

}  // namespace

// The tables have sizes of powers of two, so late splits share with long pieces.
PieceBatch::PieceBatch(const Model& model, size_t cache_bytes, size_t late_bytes, LateSplits* late)
    : model_(model),
      cache_(cache_bytes - cache_bytes / kLongPieces, model.spec().vocab_size()),
      miss_path_(model, cache_bytes / kLongPieces - late_bytes, late),
      bytes_are_ids_(model.complete() && !late) {}

void PieceBatch::expect(size_t text_bytes) {
  if (text_bytes < kMuchText || expects_much_) return;
  expects_much_ = true;
  cache_.expect_much();
}

void PieceBatch::start(IdBuffer* out, const StopRule& stop, uint32_t* text_ends) {
  out_ = out;
  stop_ = stop;
  text_ends_ = text_ends;
  total_ = 0;
}

void PieceBatch::push_id(uint32_t id) {
  ++total_;
  if (out_) out_->push(id);
}

void PieceBatch::take(const Batch& batch) {
  if (!out_ && bytes_are_ids_ && !batch.dropped && batch.known_count == 0) {
    count_ids(batch);
  } else {
    uint64_t values[kRoom];
    look_up(batch, batch.bounds, batch.bounds + 1, batch.count, values);
    for (uint32_t i = 0; batch.dropped && i < batch.count; ++i) {
      if (batch.is_dropped(i)) values[i] = 0;
    }
    for (uint32_t i = 0; i < batch.known_count; ++i) values[batch.known[i].piece] = cache_.known(batch.known[i].id);
    write(batch, values);
  }
  cache_.end_batch();
  if (forget_) cache_.forget();
  forget_ = false;
}

// A fifth of the pieces of most text are single bytes, whose number of ids needs no look-up.
void PieceBatch::count_ids(const Batch& batch) {
  static const auto list_longer = MERGANSER_SELECT(list_longer);
  uint64_t values[kRoom];
  uint32_t begins[kRoom + 16], ends[kRoom + 16];
  const uint32_t longer = list_longer(batch.bounds, batch.count, begins, ends);
  look_up(batch, begins, ends, longer, values);
  total_ += batch.count - longer + cache_.count(values, longer);
}

// Pieces that begin too near the end of readable memory are looked up in a padded copy.
void PieceBatch::look_up(const Batch& batch, const uint32_t* begins, const uint32_t* ends, uint32_t count, uint64_t* values) {
  static const auto look_up_pieces = MERGANSER_SELECT(look_up_pieces);
  const uint8_t *const base = batch.base, *const readable_end = batch.readable_end;
  const StopRule stop = stop_.after(total_);
  static_assert(kRoom <= kMostPieces);
  uint16_t misses[kMostPieces + 16];
  uint32_t direct = count;
  while (direct > 0 && base + begins[direct - 1] + kReadAhead > readable_end) --direct;
  if (direct > 0) {
    const uint32_t missed = look_up_pieces(cache_.view(), base, begins, ends, direct, values, misses);
    if (!miss_path_.resolve(cache_, base, begins, ends, misses, missed, values, stop)) forget_ = true;
  }
  if (direct == count) return;
  const uint32_t from = begins[direct], size = ends[count - 1] - from;
  padded_.assign(size + kReadAhead, 0);
  std::memcpy(padded_.data(), base + from, size);
  // At most one piece a byte.
  uint32_t rest_begins[kReadAhead], rest_ends[kReadAhead];
  for (uint32_t i = direct; i < count; ++i) {
    rest_begins[i - direct] = begins[i] - from;
    rest_ends[i - direct] = ends[i] - from;
  }
  const uint32_t missed = look_up_pieces(cache_.view(), padded_.data(), rest_begins, rest_ends, count - direct, values + direct, misses);
  if (!miss_path_.resolve(cache_, padded_.data(), rest_begins, rest_ends, misses, missed, values + direct, stop)) forget_ = true;
}

void PieceBatch::write(const Batch& batch, const uint64_t* values) {
  if (!out_) {
    total_ += cache_.count(values, batch.count);
    return;
  }
  // Every id stands for a byte at least, save for those of the bytes that affixes add to the units of a piece, or to the parts that late splits make of it.
  const ModelSpec& spec = model_.spec();
  const bool affixes = !spec.continuing_prefix.empty() || !spec.end_of_word_suffix.empty();
  const size_t bound = (affixes ? cache_.count(values, batch.count) : batch.bounds[batch.count]) + PieceCache::kOvershoot;
  uint32_t* const begin = out_->room(bound);
  uint32_t* end = begin;
  uint32_t written = 0;
  for (const uint32_t piece : batch.text_ends) {
    end = cache_.write(values + written, piece - written, end);
    written = piece;
    *text_ends_++ = static_cast<uint32_t>(out_->size() + static_cast<size_t>(end - begin));
  }
  end = cache_.write(values + written, batch.count - written, end);
  total_ += static_cast<uint64_t>(end - begin);
  out_->taken(end);
}

}  // namespace merganser::bpe
