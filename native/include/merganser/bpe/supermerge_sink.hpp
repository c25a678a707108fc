// Turns pieces into ids where neighbouring pieces may become one token. For one thread.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/bpe/piece_batch.hpp"
#include "merganser/bpe/piece_lookup.hpp"
#include "merganser/bpe/supermerges.hpp"

namespace merganser::bpe {

class SupermergeSink final : public PieceSink {
 public:
  // The ids go to `out`.
  SupermergeSink(std::shared_ptr<const Model> model, size_t memory_bytes, const Supermerges& supermerges, PieceBatch& out)
      : supermerges_(supermerges), lookup_(std::move(model), memory_bytes), out_(out) {}
  // When merging within pieces ends before they do.
  void stop_by(const StopRule& stop) { lookup_.stop_by(stop); }
  // Behind a stretch: no run goes on.
  void end_run();

 private:
  void take(const Batch& batch) override;

  const Supermerges& supermerges_;
  PieceLookup lookup_;
  PieceBatch& out_;
  std::vector<uint32_t> run_;
  Supermerges::Scratch scratch_;
};

}  // namespace merganser::bpe
