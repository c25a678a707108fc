// Where pre-tokenization puts pieces: they are collected, and taken 1024 at a time by whoever derives from this.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace merganser::bpe {

class PieceSink {
 public:
  PieceSink(const PieceSink&) = delete;
  PieceSink& operator=(const PieceSink&) = delete;

  // Places of pieces have 32 bits.
  static void check_stretch(size_t bytes) {
    if (bytes > UINT32_MAX) throw std::length_error("4 GiB of text and more cannot be split in one go");
  }
  // The next pieces lie back to back from `text`; up to `readable_end` bytes may be read.
  void begin_stretch(const uint8_t* text, const uint8_t* readable_end) {
    base_ = text;
    readable_end_ = readable_end;
    bounds_[0] = 0;
    count_ = known_count_ = 0;
    text_ends_.clear();
  }
  // One piece that ends at `end`. `kept`: false if it is a delimiter that is dropped.
  void push(const uint8_t* end, bool kept = true) {
    if (count_ >= kCapacity) flush();
    if (!kept) drop(count_);
    bounds_[++count_] = static_cast<uint32_t>(end - base_);
  }
  // One whose id is known.
  void push_known(const uint8_t* end, uint32_t id) {
    if (count_ >= kCapacity) flush();
    known_[known_count_++] = {count_, id};
    bounds_[++count_] = static_cast<uint32_t>(end - base_);
  }
  // For scanners that write many ends at once, as offsets from base(): at ends(), at most capacity() of them, then `pushed`.
  const uint8_t* base() const { return base_; }
  const uint8_t* readable_end() const { return readable_end_; }
  uint32_t* ends() { return bounds_ + count_ + 1; }
  uint32_t capacity() {
    if (count_ > kCapacity / 2) flush();
    return kCapacity - count_;
  }
  void pushed(uint32_t count) { count_ += count; }
  // The piece whose end was written to ends()[i] is a delimiter that is dropped.
  void drop_end(uint32_t i) { drop(count_ + i); }
  const uint8_t* position() const { return base_ + bounds_[count_]; }
  // A text ends here, and another may begin.
  void mark_text_end() { text_ends_.push_back(count_); }
  void end_stretch() { flush(); }

 protected:
  static constexpr uint32_t kCapacity = 1024;
  static constexpr uint32_t kRoom = kCapacity + 64;  // bulk scanners may go this far beyond the capacity they are given

  struct Known {
    uint32_t piece, id;
  };
  // A batch: piece i is base[bounds[i], bounds[i + 1]). Bit i of `dropped` is set if it is a delimiter; null if none is. `known`: pieces whose ids are
  // known already.
  struct Batch {
    const uint8_t* base;
    const uint8_t* readable_end;
    const uint32_t* bounds;
    uint32_t count;
    const uint64_t* dropped;
    const Known* known;
    uint32_t known_count;
    // Numbers of the pieces in front of which texts end.
    const std::vector<uint32_t>& text_ends;
    bool is_dropped(uint32_t piece) const { return dropped && (dropped[piece / 64] >> (piece % 64) & 1); }
  };

  PieceSink() = default;
  ~PieceSink() = default;
  virtual void take(const Batch& batch) = 0;

 private:
  void drop(uint32_t piece) {
    dropped_[piece / 64] |= uint64_t{1} << (piece % 64);
    any_dropped_ = true;
  }
  void flush() {
    if (count_ == 0 && text_ends_.empty()) return;
    take({base_, readable_end_, bounds_, count_, any_dropped_ ? dropped_ : nullptr, known_, known_count_, text_ends_});
    if (any_dropped_) std::memset(dropped_, 0, sizeof dropped_);
    any_dropped_ = false;
    known_count_ = 0;
    text_ends_.clear();
    base_ += bounds_[count_];
    bounds_[0] = 0;
    count_ = 0;
  }

  const uint8_t* base_ = nullptr;
  const uint8_t* readable_end_ = nullptr;
  uint32_t count_ = 0;
  uint32_t bounds_[kRoom + 1];
  uint64_t dropped_[kRoom / 64] = {};
  bool any_dropped_ = false;
  Known known_[kRoom];
  uint32_t known_count_ = 0;
  std::vector<uint32_t> text_ends_;
};

}  // namespace merganser::bpe
