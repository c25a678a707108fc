#include "merganser/bpe/supermerge_sink.hpp"

#include <algorithm>

namespace merganser::bpe {

void SupermergeSink::end_run() {
  supermerges_.merge(run_, scratch_);
  for (const uint32_t id : run_) out_.push_id(id);
  run_.clear();
}

// In rounds, so that the loads of many look-ups are under way together.
void SupermergeSink::take(const Batch& batch) {
  const TokenIndex& index = tokenizer_.model().index();
  const auto piece = [&](uint32_t i) { return batch.base + batch.bounds[i]; };
  const auto size = [&](uint32_t i) { return batch.bounds[i + 1] - batch.bounds[i]; };
  uint64_t hashes[kRound];
  for (uint32_t first = 0; first < batch.count; first += kRound) {
    const uint32_t end = std::min(first + kRound, batch.count);
    for (uint32_t i = first; i < end; ++i) hashes[i - first] = index.prefetch(piece(i), size(i));
    for (uint32_t i = first; i < end; ++i) index.prefetch_spelling(hashes[i - first]);
    for (uint32_t i = first; i < end; ++i) {
      if (batch.is_dropped(i)) {
        end_run();
      } else {
        take_piece(piece(i), size(i), hashes[i - first]);
      }
    }
  }
}

void SupermergeSink::take_piece(const uint8_t* piece, uint32_t size, uint64_t hash) {
  const Model& model = tokenizer_.model();
  bool whole = false;
  const uint32_t token = size > model.index().longest() ? kNone : model.find_token(piece, size, hash, whole);
  if (whole) return take_token(token);
  const auto tokens = tokenizer_.encode(piece, size);
  if (token != kNone) model.note(token, tokens.ids, tokens.count);
  if (tokens.count == 1) return take_token(tokens.ids[0]);
  end_run();
  for (uint32_t k = 0; k < tokens.count; ++k) out_.push_id(tokens.ids[k]);
}

void SupermergeSink::take_token(uint32_t id) {
  if (supermerges_.merges(id)) return run_.push_back(id);
  end_run();
  out_.push_id(id);
}

}  // namespace merganser::bpe
