// Collects pieces, and turns them into ids 512 at a time: look-up, misses, output.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "merganser/bpe/model.hpp"
#include "merganser/bpe/piece_cache.hpp"

namespace merganser::bpe {

// Ids, growing without being initialised first.
class IdBuffer {
 public:
  IdBuffer() = default;
  ~IdBuffer() { std::free(data_); }
  IdBuffer(const IdBuffer&) = delete;
  IdBuffer& operator=(const IdBuffer&) = delete;

  uint32_t* data() { return data_; }
  const uint32_t* data() const { return data_; }
  size_t size() const { return size_; }
  void clear() { size_ = 0; }
  void push(uint32_t id) {
    *room(1) = id;
    ++size_;
  }
  // Place for `count` more; `taken` then says how many were written.
  uint32_t* room(size_t count);
  void taken(const uint32_t* end) { size_ = static_cast<size_t>(end - data_); }
  // Gives memory back beyond what small texts need.
  void shrink();

 private:
  uint32_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

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
  void resolve(const uint8_t* text, const uint32_t* bounds, uint64_t* values, const uint16_t* misses, uint32_t missed);
  uint64_t value_of(const uint8_t* piece, uint32_t size);
  void write(const uint64_t* values);

  static constexpr uint32_t kRoom = kBatch + 64;  // bulk scanners may go this far beyond the capacity they are given

  const Model& model_;
  PieceCache cache_;
  MergeScratch scratch_;
  std::vector<uint32_t> ids_;
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
