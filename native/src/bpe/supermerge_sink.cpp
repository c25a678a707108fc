#include "merganser/bpe/supermerge_sink.hpp"

namespace merganser::bpe {

void SupermergeSink::end_run() {
  supermerges_.merge(run_, scratch_);
  for (const uint32_t id : run_) out_.push_id(id);
  run_.clear();
}

void SupermergeSink::take(const Batch& batch) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (batch.is_dropped(i)) {
      end_run();
      continue;
    }
    const auto tokens = tokenizer_.encode(batch.base + batch.bounds[i], batch.bounds[i + 1] - batch.bounds[i]);
    if (tokens.count == 1 && supermerges_.merges(tokens.ids[0])) {
      run_.push_back(tokens.ids[0]);
      continue;
    }
    end_run();
    for (uint32_t k = 0; k < tokens.count; ++k) out_.push_id(tokens.ids[k]);
  }
}

}  // namespace merganser::bpe
