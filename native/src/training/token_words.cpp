#include "merganser/training/token_words.hpp"

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

void TokenSink::take_runs(const Batch& batch) {
  lookup_.each(batch.base, batch.bounds, batch.count, [&](uint32_t i, const bpe::PieceLookup::Piece& piece) {
    const uint32_t id = lookup_.spelt(piece);
    if (id != bpe::kNone && spec_.eligible[id] != 0 && !batch.is_dropped(i)) return push(id);
    end_run();
  });
}

void TokenSink::take_pieces(const Batch& batch) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (!batch.is_dropped(i)) take_piece(batch.base + batch.bounds[i], batch.base + batch.bounds[i + 1], batch.readable_end);
    end_run();
  }
}

// In parts, which come again more often than pieces.
void TokenSink::take_piece(const uint8_t* piece, const uint8_t* end, const uint8_t* readable_end) {
  for (const uint8_t* at = piece; at < end;) {
    uint32_t bounds[kCapacity + 65];
    bounds[0] = static_cast<uint32_t>(at - piece);
    uint32_t parts = 1;
    if (spec_.cuts) {
      parts = text::scan_cuts(spec_.cuts->view(), text::CutGrain::fine, at, {end, readable_end, piece, nullptr}, bounds + 1, kCapacity);
    } else {
      bounds[1] = static_cast<uint32_t>(end - piece);
      at = end;
    }
    lookup_.each(piece, bounds, parts, [&](uint32_t, const bpe::PieceLookup::Piece& part) {
      const auto tokens = lookup_.tokens(part);
      for (uint32_t k = 0; k < tokens.count; ++k) {
        if (spec_.eligible[tokens.ids[k]] != 0) {
          push(tokens.ids[k]);
        } else {
          end_run();
        }
      }
    });
  }
}

void TokenSink::push(uint32_t id) { word_.insert(word_.end(), {static_cast<uint8_t>(id >> 16), static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)}); }

}  // namespace merganser::training
