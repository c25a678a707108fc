// What pieces that are too long for PieceMemory became, for one thread: an encoded image, a line of minified code, words run together. Each costs as much as thousands of
// words, and texts that are encoded again and again, such as the turns of a conversation, hold the same ones. The oldest give way.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

namespace merganser::bpe {

class WholePieces {
 public:
  // Ids in as many bytes each as the greatest needs: a piece has up to one a byte of text.
  class Ids {
   public:
    Ids() = default;
    explicit Ids(std::span<const uint32_t> ids);
    size_t size() const { return count_; }
    size_t bytes() const { return packed_.size(); }
    void write(uint32_t* out) const;

   private:
    std::vector<uint8_t> packed_;
    size_t count_ = 0;
    uint32_t width_ = 0;
  };

  // What was kept for a piece, null if nothing was. Good until the next call of another function. `hash`: hash_bytes of the piece.
  const Ids* find(const uint8_t* piece, size_t size, uint64_t hash) const;
  // Keeps the ids of a piece that is not there yet, if it fits into `bytes`, which all pieces together take at most.
  void keep(const uint8_t* piece, size_t size, uint64_t hash, std::span<const uint32_t> ids, size_t bytes);
  // Keeps no more than this.
  void shrink(size_t bytes);

 private:
  struct Kept {
    std::vector<uint8_t> piece;
    Ids ids;
    size_t bytes() const { return piece.size() + ids.bytes() + kOverhead; }
  };
  static constexpr size_t kOverhead = 160;  // of containers and allocations

  std::unordered_map<uint64_t, Kept> kept_;  // by hash
  std::deque<uint64_t> order_;               // the oldest first
  size_t used_ = 0;
};

}  // namespace merganser::bpe
