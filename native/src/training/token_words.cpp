#include "merganser/training/token_words.hpp"

#include <algorithm>

#include "merganser/text/cut_view.hpp"
#include "merganser/text/scanner.hpp"
#include "merganser/training/word_cells.hpp"

namespace merganser::training {

void TokenSink::end_run() {
  if (word_.size() > kTokenBytes) table_.add(word_.data(), static_cast<uint32_t>(word_.size()), 1);
  word_.clear();
}

// The tokens whose words do not become them take no part.
TokenWordsSpec::TokenWordsSpec(std::shared_ptr<const bpe::Model> a_model, bool are_runs, std::vector<uint8_t> are_eligible)
    : model(std::move(a_model)), runs(are_runs), eligible(std::move(are_eligible)) {
  // A whole piece that is a token would have to be looked for first.
  if (!runs && !model->spec().ignore_merges) cuts = bpe::SafeCuts::find(*model);
  if (!runs || model->spec().ignore_merges) return;
  for (const uint32_t id : model->unreachable()) eligible[id] = 0;
}

void TokenSink::take(const Batch& batch) { spec_.runs ? take_runs(batch) : take_pieces(batch); }

// In rounds, so that the loads of many look-ups are under way together.
void TokenSink::take_runs(const Batch& batch) {
  const bpe::TokenIndex& index = spec_.model->index();
  const auto piece = [&](uint32_t i) { return batch.base + batch.bounds[i]; };
  const auto size = [&](uint32_t i) { return batch.bounds[i + 1] - batch.bounds[i]; };
  uint64_t hashes[kRound];
  for (uint32_t first = 0; first < batch.count; first += kRound) {
    const uint32_t end = std::min(first + kRound, batch.count);
    for (uint32_t i = first; i < end; ++i) hashes[i - first] = index.prefetch(piece(i), size(i));
    for (uint32_t i = first; i < end; ++i) index.prefetch_spelling(hashes[i - first]);
    for (uint32_t i = first; i < end; ++i) {
      const uint32_t id = size(i) > index.longest() ? bpe::kNone : index.find(piece(i), size(i), hashes[i - first]);
      if (id != bpe::kNone && spec_.eligible[id] != 0 && !batch.is_dropped(i)) {
        push(id);
      } else {
        end_run();
      }
    }
  }
}

void TokenSink::take_pieces(const Batch& batch) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (batch.is_dropped(i)) {
      end_run();
      continue;
    }
    take_piece(batch.base + batch.bounds[i], batch.base + batch.bounds[i + 1], batch.readable_end);
    end_run();
  }
}

// Parts come again more often than pieces, and are remembered.
void TokenSink::take_piece(const uint8_t* piece, const uint8_t* end, const uint8_t* readable_end) {
  if (!spec_.cuts) return take_part(piece, static_cast<size_t>(end - piece));
  for (const uint8_t* at = piece; at < end;) {
    uint32_t ends[kCapacity + 64];
    uint32_t from = static_cast<uint32_t>(at - piece);
    const uint32_t count = text::scan_cuts(spec_.cuts->view(), at, {end, readable_end, piece, nullptr}, ends, kCapacity);
    for (uint32_t i = 0; i < count; from = ends[i++]) take_part(piece + from, ends[i] - from);
  }
}

void TokenSink::take_part(const uint8_t* part, size_t size) {
  const auto tokens = tokenizer_.encode(part, size);
  for (uint32_t k = 0; k < tokens.count; ++k) {
    if (spec_.eligible[tokens.ids[k]] != 0) {
      push(tokens.ids[k]);
    } else {
      end_run();
    }
  }
}

void TokenSink::push(uint32_t id) { word_.insert(word_.end(), {static_cast<uint8_t>(id >> 16), static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)}); }

}  // namespace merganser::training
