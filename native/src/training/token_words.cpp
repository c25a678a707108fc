#include "merganser/training/token_words.hpp"

#include "merganser/training/word_cells.hpp"

namespace merganser::training {

void TokenSink::end_run() {
  if (word_.size() > kTokenBytes) table_.add(word_.data(), static_cast<uint32_t>(word_.size()), 1);
  word_.clear();
}

void TokenSink::take(const Batch& batch) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (batch.is_dropped(i)) {
      end_run();
      continue;
    }
    const auto tokens = tokenizer_.encode(batch.base + batch.bounds[i], batch.bounds[i + 1] - batch.bounds[i]);
    if (spec_.runs) {
      if (tokens.count == 1 && spec_.eligible[tokens.ids[0]] != 0) {
        push(tokens.ids[0]);
      } else {
        end_run();
      }
      continue;
    }
    for (uint32_t k = 0; k < tokens.count; ++k) push(tokens.ids[k]);
    end_run();
  }
}

void TokenSink::push(uint32_t id) { word_.insert(word_.end(), {static_cast<uint8_t>(id >> 16), static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)}); }

}  // namespace merganser::training
