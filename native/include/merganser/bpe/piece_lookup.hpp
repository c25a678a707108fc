// Pieces to tokens by the vocabulary first, since most pieces are tokens, and in rounds, so that the loads of many look-ups are under way together. For
// one thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

#include "merganser/bpe/piece_tokenizer.hpp"

namespace merganser::bpe {

class PieceLookup {
 public:
  struct Piece {
    const uint8_t* bytes;
    uint32_t size;
    uint64_t hash;
  };

  // `memory_bytes`: for pieces that are not tokens.
  PieceLookup(std::shared_ptr<const Model> model, size_t memory_bytes) : tokenizer_(std::move(model), memory_bytes) {}
  // When merging ends before the pieces that come next do.
  void stop_by(const StopRule& stop) { tokenizer_.stop_by(stop); }
  // Calls visit(i, piece) for base[bounds[i], bounds[i + 1]), i < count.
  template <typename Visit>
  void each(const uint8_t* base, const uint32_t* bounds, uint32_t count, Visit visit) {
    const TokenIndex& index = tokenizer_.model().index();
    Piece pieces[kRound];
    for (uint32_t first = 0; first < count; first += kRound) {
      const uint32_t size = std::min(count - first, kRound);
      for (uint32_t i = 0; i < size; ++i) {
        pieces[i] = {base + bounds[first + i], bounds[first + i + 1] - bounds[first + i], 0};
        pieces[i].hash = index.prefetch(pieces[i].bytes, pieces[i].size);
      }
      for (uint32_t i = 0; i < size; ++i) index.prefetch_spelling(pieces[i].hash);
      for (uint32_t i = 0; i < size; ++i) visit(first + i, pieces[i]);
    }
  }
  // The token that is spelt as the piece, whether or not the piece becomes it; kNone if there is none.
  uint32_t spelt(const Piece& piece) const {
    const TokenIndex& index = tokenizer_.model().index();
    return piece.size > index.longest() ? kNone : index.find(piece.bytes, piece.size, piece.hash);
  }
  // What the piece becomes; valid until the next call.
  PieceTokenizer::Tokens tokens(const Piece& piece) {
    const Model& model = tokenizer_.model();
    bool whole = false;
    token_ = piece.size > model.index().longest() ? kNone : model.find_token(piece.bytes, piece.size, piece.hash, whole);
    if (whole) return {&token_, 1};
    const auto tokens = tokenizer_.encode(piece.bytes, piece.size);
    model.note(token_, tokens.ids, tokens.count);
    return tokens;
  }

 private:
  static constexpr uint32_t kRound = 64;
  PieceTokenizer tokenizer_;
  uint32_t token_ = kNone;
};

}  // namespace merganser::bpe
