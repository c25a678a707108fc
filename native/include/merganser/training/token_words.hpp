// Words that consist of tokens: what superwords are learned from, and what a tokenizer is extended by.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/piece_sink.hpp"
#include "merganser/bpe/piece_lookup.hpp"
#include "merganser/bpe/safe_cuts.hpp"
#include "merganser/training/word_table.hpp"

namespace merganser::training {

struct TokenWordsSpec {
  TokenWordsSpec(std::shared_ptr<const bpe::Model> model, bool runs, std::vector<uint8_t> eligible);
  std::shared_ptr<const bpe::Model> model;
  bool runs;                      // a word is a run of pieces that are one token each and `eligible`; else it is a run of such tokens within a piece
  std::vector<uint8_t> eligible;  // by token id
  std::unique_ptr<const bpe::SafeCuts> cuts;  // where pieces, which are long, can be cut; null: nowhere
};

// Counts the words of tokens that pieces make, those of one token left out: nothing can be merged in them.
class TokenSink final : public bpe::PieceSink {
 public:
  TokenSink(const TokenWordsSpec& spec, WordTable& table) : spec_(spec), table_(table), lookup_(spec.model, kMemory) {}
  // Behind a stretch: no run goes on.
  void end_run();

 private:
  static constexpr size_t kMemory = size_t{16} << 20;
  void take(const Batch& batch) override;
  void take_runs(const Batch& batch);
  void take_pieces(const Batch& batch);
  void take_piece(const uint8_t* piece, const uint8_t* end, const uint8_t* readable_end);
  void push(uint32_t id);

  const TokenWordsSpec& spec_;
  WordTable& table_;
  bpe::PieceLookup lookup_;
  std::vector<uint8_t> word_;
};

}  // namespace merganser::training
