// Collects pieces, and turns them into ids 512 at a time: look-up, misses, output.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/id_buffer.hpp"
#include "merganser/bpe/miss_path.hpp"
#include "merganser/bpe/model.hpp"
#include "merganser/bpe/piece_cache.hpp"

namespace merganser::bpe {

class PieceBatch {
 public:
  PieceBatch(const Model& model, size_t cache_bytes);

  // What comes is to be written to `out`, or, if that is null, only counted, up to somewhat more than `limit`.
  void start(IdBuffer* out, uint64_t limit);
  // The next pieces lie back to back from `text`; up to `readable_end` bytes may be read.
  void begin_stretch(const uint8_t* text, const uint8_t* readable_end);
  // One piece that ends at `end`. `kept`: false if it is a delimiter that gives no ids.
  void push(const uint8_t* end, bool kept = true) {
    if (count_ >= kBatch) flush();
    if (!kept) drop(count_);
    bounds_[++count_] = static_cast<uint32_t>(end - base_);
  }
  // For scanners that write many ends at once, as offsets from base(): at ends(), at most capacity() of them, then `pushed`.
  const uint8_t* base() const { return base_; }
  const uint8_t* readable_end() const { return readable_end_; }
  uint32_t* ends() { return bounds_ + count_ + 1; }
  uint32_t capacity() {
    if (count_ > kBatch / 2) flush();
    return kBatch - count_;
  }
  void pushed(uint32_t count) { count_ += count; }
  const uint8_t* position() const { return base_ + bounds_[count_]; }
  void end_stretch() { flush(); }
  // An id that is no piece's.
  void push_id(uint32_t id);

  uint64_t count() const { return total_; }
  bool over_limit() const { return total_ > limit_; }

 private:
  void flush();
  void drop(uint32_t piece);
  void look_up(uint64_t* values);
  void write(const uint64_t* values);

  static constexpr uint32_t kRoom = kBatch + 64;  // bulk scanners may go this far beyond the capacity they are given

  const Model& model_;
  PieceCache cache_;
  MissPath miss_path_;
  std::vector<uint8_t> padded_;
  IdBuffer* out_ = nullptr;
  uint64_t limit_ = 0;
  uint64_t total_ = 0;
  const uint8_t* base_ = nullptr;
  const uint8_t* readable_end_ = nullptr;
  uint32_t count_ = 0;
  uint32_t bounds_[kRoom + 1];
  uint64_t dropped_[kRoom / 64] = {};
  bool any_dropped_ = false;
  bool forget_ = false;  // the cache's store is full: start it anew after this batch
};

}  // namespace merganser::bpe
