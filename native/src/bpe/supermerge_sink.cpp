#include "merganser/bpe/supermerge_sink.hpp"

namespace merganser::bpe {

void SupermergeSink::end_run() {
  supermerges_.merge(run_, scratch_);
  for (const uint32_t id : run_) out_.push_id(id);
  run_.clear();
}

void SupermergeSink::take(const Batch& batch) {
  lookup_.each(batch.base, batch.bounds, batch.count, [&](uint32_t i, const PieceLookup::Piece& piece) {
    if (batch.is_dropped(i)) return end_run();
    const auto tokens = lookup_.tokens(piece);
    if (tokens.count == 1 && supermerges_.merges(tokens.ids[0])) return run_.push_back(tokens.ids[0]);
    end_run();
    for (uint32_t k = 0; k < tokens.count; ++k) out_.push_id(tokens.ids[k]);
  });
}

}  // namespace merganser::bpe
