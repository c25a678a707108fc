// A model on ready pieces, with the size of each token, and a memory of what short pieces became. For one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {

class PieceTokenizer {
 public:
  explicit PieceTokenizer(std::shared_ptr<const Model> model);

  // The tokens of a piece: their ids and, `count` further, the number of bytes that each stands for. Good until the next call.
  struct Tokens {
    const uint32_t* ids;
    uint32_t count;
    const uint32_t* sizes() const { return ids + count; }
  };
  Tokens encode(const uint8_t* piece, size_t size);

 private:
  static constexpr size_t kLongestKept = 31;
  // The memory begins anew when either of these is reached: 8 MB.
  static constexpr size_t kMostSlots = size_t{1} << 17;
  static constexpr size_t kMostTokenWords = size_t{1} << 19;
  static constexpr size_t kFirstSlots = size_t{1} << 12;

  struct Entry {
    uint64_t hash;
    uint32_t tokens;  // where they begin in tokens_
    uint8_t size;     // of the piece; 0: no entry
    uint8_t piece[kLongestKept];
  };

  Entry& slot_of(const uint8_t* piece, size_t size, uint64_t hash);
  void make_room();  // for one more entry
  void grow();
  void merge(const uint8_t* piece, size_t size);

  std::shared_ptr<const Model> model_;
  std::vector<Entry> slots_;      // open addressing, at most half full
  size_t entries_ = 0;
  std::vector<uint32_t> tokens_;  // of each entry: their number, ids, sizes
  std::vector<uint32_t> ids_, sizes_;
  MergeScratch scratch_;
};

}  // namespace merganser::bpe
