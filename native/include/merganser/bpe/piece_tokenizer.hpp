// A model on ready pieces, with the size of each token, and a memory of what pieces became. For one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/model.hpp"
#include "merganser/bpe/piece_memory.hpp"

namespace merganser::bpe {

class PieceTokenizer {
 public:
  // The memory takes at most `memory_bytes`.
  PieceTokenizer(std::shared_ptr<const Model> model, size_t memory_bytes) : model_(std::move(model)), memory_(memory_bytes) {}
  const Model& model() const { return *model_; }
  // When merging ends before the pieces that come next do: a long one has no tokens then.
  void stop_by(const StopRule& stop) { scratch_.stop = stop; }

  // The tokens of a piece: their ids and, `count` further, the number of bytes that each stands for. Good until the next call.
  struct Tokens {
    const uint32_t* ids;
    uint32_t count;
    const uint32_t* sizes() const { return ids + count; }
  };
  Tokens encode(const uint8_t* piece, size_t size);

 private:
  void merge(const uint8_t* piece, size_t size);

  std::shared_ptr<const Model> model_;
  PieceMemory memory_;  // ids, then sizes
  std::vector<uint32_t> merged_, sizes_;
  MergeScratch scratch_;
};

}  // namespace merganser::bpe
