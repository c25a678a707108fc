// The BPE model itself: a piece of text in, ids out, no caches. Thread-safe once built.
//
// Symbols are token ids throughout. A merge is looked up by its two symbols; its number orders it among the others:
//   merge lists      see merge_numbers.hpp;
//   tiktoken ranks   the number IS the token it makes. Two neighbours merge if their concatenation is a token; but when that happens they
//                    are the last step of BPE over the token's own bytes (nothing outside could reach in before), so each token has
//                    exactly one pair that can ever make it, and running BPE over every token once, short ones first, finds them all.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "merganser/bpe/character_starts.hpp"
#include "merganser/bpe/event_merger.hpp"
#include "merganser/bpe/letter_pairs.hpp"
#include "merganser/bpe/merge_in_turns.hpp"
#include "merganser/bpe/merge_numbers.hpp"
#include "merganser/bpe/merge_symbols.hpp"
#include "merganser/bpe/pair_table.hpp"
#include "merganser/bpe/model_spec.hpp"
#include "merganser/bpe/token_index.hpp"
#include "merganser/io/tables.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::bpe {

// A model's tables as they were saved. What takes longest to read needs no specification, and may be read by several threads: see SavedTables. Throws io::Damaged.
struct SavedModel {
  explicit SavedModel(io::TableReader tables);

  io::TableReader index;
  std::vector<uint32_t> listed;
  uint64_t merge_count, first, span;
  io::TableReader pairs, rest;
};

class Model {
 public:
  explicit Model(ModelSpec spec);  // std::length_error if there are more symbols or merges than the tables hold
  // With the tables that `save` wrote for the same specification, whose merges are not needed any more. Throws io::Damaged if the specification is
  // not sound or the tables are not such: nothing of them is trusted.
  Model(ModelSpec spec, SavedModel saved, SavedIndex index, SavedPairs pairs);
  void save(io::TableWriter& tables) const;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Appends the ids of a whole piece.
  void encode(const uint8_t* piece, size_t size, std::vector<uint32_t>& out, MergeScratch& scratch) const;
  // As `encode`, with the number of bytes of the piece that each token stands for.
  void encode_with_sizes(const uint8_t* piece, size_t size, std::vector<uint32_t>& ids, std::vector<uint32_t>& sizes, MergeScratch& scratch) const;

  // The steps of `encode`, for many pieces at a time.
  // The token that is spelt as the piece, or kNone. `whole`: it is known that the piece becomes that token. `hash`: see TokenIndex::prefetch.
  uint32_t find_token(const uint8_t* piece, size_t size, uint64_t hash, bool& whole) const;
  // Whether it is worth asking `find_token` before a piece is merged. Else what it knows is only what has been merged before.
  bool knows_tokens() const { return knows_tokens_; }
  // Begins `turn`, or `long_turn` if the piece has more symbols; returns how many it has, 0 if they are too many for either.
  uint32_t begin_turn(const uint8_t* piece, size_t size, Turn& turn, LongTurn& long_turn, MergeScratch& scratch) const;
  void merge_turns(Turn* turns, uint32_t count) const;
  void merge_turns(LongTurn* turns, uint32_t count) const;
  // As `encode` where the piece is not known to be a token.
  void merge(const uint8_t* piece, size_t size, std::vector<uint32_t>& out, MergeScratch& scratch) const;
  // Remembers whether merging a piece that is spelt as `token` gave that token.
  void note(uint32_t token, const uint32_t* ids, uint32_t count) const;

  // The tokens whose own text merges to something else: they only come up where ignore_merges lets them.
  std::vector<uint32_t> unreachable() const;

  const TokenIndex& index() const { return index_; }
  const ModelSpec& spec() const { return spec_; }
  // True if every unit of any text becomes exactly one symbol of the vocabulary, or its bytes: nothing is ever unknown.
  bool complete() const { return complete_; }
  // The tokens that merges make.
  std::vector<uint32_t> merged_tokens() const;
  // Whether what is unknown or a fallback byte takes part in a merge of the list.
  bool merges_bytes() const { return merges_bytes_; }
  const PairTable& pairs() const { return *pairs_; }
  // The one symbol of a character below 2^16, kNone if it has none or more. The model is complete and one over characters.
  uint32_t character_symbol(uint32_t character) const {
    return character_ids_[character] != kNone || character >= 0x80 ? character_ids_[character] : byte_ids_[character];
  }
  uint32_t product(uint32_t merge) const { return numbers_.product(merge); }

 private:
  static constexpr uint32_t kTableCharacters = 0x10000;  // those of up to three bytes
  // Merges the text of each of these tokens, which have one size: use(id, ids, count).
  template <typename Use>
  void merge_tokens(const uint32_t* tokens, size_t count, size_t size, Use use) const;
  std::vector<std::vector<uint32_t>> tokens_by_size() const;
  void index_units();
  void index_characters();
  void list_merges();
  bool find_byte_merges() const;
  void derive_merges();
  void index_byte_pairs();
  void index_ascii_pairs();
  MergeView view() const { return {pairs_->view(), numbers_.listed().data(), numbers_.first(), numbers_.span()}; }
  // The token that is this character.
  uint32_t character_id(const uint8_t* character, size_t size) const {
    return size <= 3 ? character_ids_[text::decode(character).value] : index_.find(character, size);
  }
  template <typename AnyTurn>
  void begin_bytes(AnyTurn& turn, const uint8_t* piece, uint32_t size) const;
  template <typename AnyTurn>
  void begin_ascii(AnyTurn& turn, const uint8_t* piece, uint32_t size) const;
  template <typename AnyTurn>
  void begin_symbols(AnyTurn& turn, const uint32_t* ids, uint32_t count) const;
  template <typename AnyTurn>
  void begin_letters(AnyTurn& turn, const LetterPairs& pairs, const uint16_t* letters, uint32_t count) const;
  // For a piece of so many bytes, null as long as too few of them have come.
  const CharacterStarts* character_starts(size_t size) const;
  const LetterPairs* letter_pairs(size_t size) const;
  uint32_t unit_id(const uint8_t* unit, size_t size, bool first, bool last) const;
  void symbols(const uint8_t* piece, size_t size, MergeScratch& scratch) const;
  void symbols_with_unknown(const uint8_t* piece, size_t size, MergeScratch& scratch) const;
  // Symbols and merges of a piece, in the ids and sizes of `scratch`.
  void merge_piece(const uint8_t* piece, size_t size, MergeScratch& scratch) const;
  // Merges scratch.ids (with scratch.sizes) to the end.
  void merge_symbols(MergeScratch& scratch) const;
  // Whether a piece that is spelt as the token is that token, merges or not.
  bool ignores_merges(uint32_t token) const { return spec_.ignore_merges && token < spec_.kept; }

  ModelSpec spec_;
  TokenIndex index_;
  std::unique_ptr<PairTable> pairs_;
  std::unique_ptr<const EventMerger> events_;  // null: no token is ever taken back
  MergeNumbers numbers_{0};
  uint64_t merge_count_ = 0;
  std::array<uint32_t, 256> byte_ids_{};    // kNone where there is none
  std::vector<uint32_t> character_ids_;     // char units: id of each character below kTableCharacters
  std::vector<uint32_t> byte_pairs_;        // byte units: merge of each two bytes (left << 8 | right), if all bytes have ids
  // Merges of two ASCII characters, with what each of them is alone.
  struct AsciiPairs {
    uint32_t symbol[128];
    uint32_t merge[128][128];
  };
  std::unique_ptr<AsciiPairs> ascii_;       // char units, if nothing is ever unknown
  bool complete_ = false;
  bool merges_bytes_ = false;
  bool plain_ = false;                      // no prefix, no suffix
  bool knows_tokens_ = false;
  // Made when so many bytes of pieces that are not ASCII have come that it pays off.
  mutable std::atomic<uint64_t> wide_bytes_{0};
  mutable std::once_flag character_starts_once_, letter_pairs_once_;
  mutable std::unique_ptr<const CharacterStarts> character_starts_;
  mutable std::unique_ptr<const LetterPairs> letter_pairs_;
  mutable std::vector<std::atomic<uint8_t>> reachable_;  // 0 not known yet, 1 merging a token's bytes gives it back, 2 it does not
};

}  // namespace merganser::bpe
