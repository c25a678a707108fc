// Where text may be cut although merges run over it.
//
// A merge across the place between two characters makes a token that holds the two, or parts of them, side by side. So where no token does,
// nothing can ever merge across, and BPE of the left and of the right part, one after the other, is BPE of the whole; nor can the whole be a
// token. It serves twice:
//   Models without a pre-tokenizer (Llama 2, Gemma): in these vocabularies no token holds a space after another character, joins a letter to
//     punctuation, or joins digits, so that text falls into pieces of about a word, which repeat, and the cache of pieces does for them what it
//     does for pre-tokenized text.
//   Scripts without spaces: the pre-tokenizer's pieces of Chinese and Japanese are half sentences, which never come again. Cut up
//     they have one to three characters.
// With ignore_merges a whole piece that is spelt as a token becomes it, even if merges never reach that token. A part of a piece must not: so no
// cut is made before the first or behind the last character of such a token.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/model.hpp"
#include "merganser/text/cut_view.hpp"

namespace merganser::bpe {

class SafeCuts {
 public:
  // null where the argument does not hold for the model.
  static std::unique_ptr<SafeCuts> find(const Model& model);
  // As `save` wrote them; throws io::Damaged.
  static std::unique_ptr<SafeCuts> read(io::TableReader& tables);
  void save(io::TableWriter& tables) const;
  SafeCuts(const SafeCuts&) = delete;
  SafeCuts& operator=(const SafeCuts&) = delete;

  const text::CutView& view() const { return view_; }

 private:
  SafeCuts() = default;
  void note_token(const uint8_t* token, const uint8_t* end, std::vector<uint64_t>& joined);
  void guard_unreachable(const Model& model, std::vector<uint64_t>& joined);
  void build_filter(std::vector<uint64_t>& joined);
  void sum_up_parts();
  void sum_up_classes();

  // Characters whose guards the view has, two bits each.
  static constexpr uint32_t kGuarded = 0x10000, kGuards = kGuarded / 16;
  text::CutView view_{};
  std::vector<uint64_t> pairs_;
  std::vector<uint32_t> guards_;
};

}  // namespace merganser::bpe
