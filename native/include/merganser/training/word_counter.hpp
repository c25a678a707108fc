// Counts the words (pretokens) of texts, on as many threads as call it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "merganser/bpe/encoder_spec.hpp"
#include "merganser/training/portion.hpp"
#include "merganser/training/sorted_words.hpp"
#include "merganser/training/token_words.hpp"
#include "merganser/training/word_table.hpp"

namespace merganser::training {

// Mirrors WordCounterSpec of lib/backend/kernels.ts.
struct WordCounterSpec {
  bool nfc = false;
  bool space_alias = false;
  bpe::PrefixSpace prefix_space = bpe::PrefixSpace::never;
  std::vector<bpe::SplitStep> steps;
  std::shared_ptr<const text::Scanner> scanner;  // does what all steps do together, or null
  CutRule cuts{};  // lines: every line is a text of its own
  std::optional<TokenWordsSpec> tokens;  // words of tokens are counted, and not the words themselves
};

class WordCounter {
 public:
  explicit WordCounter(WordCounterSpec spec);
  ~WordCounter();

  // Text i is texts[offsets[i], offsets[i + 1]): well-formed UTF-8, with kPortionPadding readable bytes behind the last.
  void count(const uint8_t* texts, const uint32_t* offsets, size_t count);
  // Bytes [from, to) of a file, cut by the rule; see read_portion. false: the text is not UTF-8, and `replace` is false.
  bool count_file(const std::string& path, uint64_t from, uint64_t to, uint64_t size, bool replace);
  // A word that is ready.
  void add(const uint8_t* word, uint32_t size, uint64_t count);
  // Words as count files have them; see add_written.
  bool add_written(const uint8_t* bytes, size_t size, uint32_t words);

  // The rest is not for use while others count.

  size_t bytes() const;
  uint64_t total() const;
  // All words in one table.
  WordTable& merged();
  // All words, in order; they are in the tables until these are cleared.
  SortedWords sorted() const;
  void clear();

 private:
  class Worker;
  class Lease;

  WordCounterSpec spec_;
  bool whole_texts_ = false;  // lines need not be told apart here: the scanner does that
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace merganser::training
