// Steps of pre-tokenization that come after the look-up.
//
// A step splits each piece of the step before as if it were the whole text, so what such a piece becomes in the end depends on nothing but the piece. Where the pieces
// of a step are words, which come again and again, they are looked up as they are: what is remembered is what all further steps and the model made of
// them. Only pieces that are not known yet are split on.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/piece_lookup.hpp"
#include "merganser/bpe/splitter.hpp"
#include "merganser/bpe/stop_rule.hpp"

namespace merganser::bpe {

// How many of the first steps it takes to get words; all of them if the steps behind those divide what would not come again as a whole, such as sentences of scripts
// without spaces.
size_t steps_to_words(const Splitter& splitter);

// For one thread.
class LateSplits {
 public:
  // The steps from `level` on. `memory_bytes`: for what the parts of pieces became.
  LateSplits(const Splitter& splitter, size_t level, std::shared_ptr<const Model> model, size_t memory_bytes)
      : splitter_(splitter), level_(level), parts_(std::move(model), memory_bytes) {}

  enum class Outcome { whole, split, stopped };
  // The ids of a piece that is split, or those up to where it was stopped; none if it is left as it is.
  Outcome encode(const uint8_t* piece, size_t size, std::vector<uint32_t>& ids, const StopRule& stop);

 private:
  class Parts final : public PieceSink {
   public:
    Parts(std::shared_ptr<const Model> model, size_t memory_bytes) : lookup_(std::move(model), memory_bytes) {}
    void start(size_t size, std::vector<uint32_t>* ids, const StopRule& stop);
    bool whole() const { return whole_; }

   private:
    void take(const Batch& batch) override;

    PieceLookup lookup_;
    StopRule stop_;
    size_t size_ = 0;
    std::vector<uint32_t>* ids_ = nullptr;
    bool whole_ = false;
  };

  const Splitter& splitter_;
  size_t level_;
  Parts parts_;
  SplitScratch scratch_;
};

}  // namespace merganser::bpe
