#include "merganser/training/word_counter.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "merganser/bpe/piece_sink.hpp"
#include "merganser/bpe/splitter.hpp"
#include "merganser/bpe/text_rewriter.hpp"
#include "merganser/text/utf8_check.hpp"

namespace merganser::training {
namespace {

constexpr size_t kMostText = size_t{UINT32_MAX} - kPortionPadding;

class WordSink final : public bpe::PieceSink {
 public:
  explicit WordSink(WordTable& table) : table_(table) {}

 private:
  void take(const Batch& batch) override {
    if (!batch.dropped) return table_.add_pieces(batch.base, batch.bounds, batch.count);
    for (uint32_t i = 0; i < batch.count; ++i) {
      if (!batch.is_dropped(i)) table_.add_pieces(batch.base, batch.bounds + i, 1);
    }
  }

  WordTable& table_;
};

// If the scanner can take many lines at once, it does.
bool scan_lines_at_once(WordCounterSpec& spec) {
  const bool rewrites = spec.nfc || spec.space_alias || spec.prefix_space != bpe::PrefixSpace::never;
  if (!spec.cuts.lines || rewrites || !spec.scanner || !spec.scanner->of_lines()) return false;
  spec.scanner = std::shared_ptr<const text::Scanner>(spec.scanner, spec.scanner->of_lines());
  return true;
}

}  // namespace

// What one thread needs.
class WordCounter::Worker {
 public:
  explicit Worker(const WordCounter& counter)
      : counter_(counter),
        words_(table_),
        splitter_(counter.spec_.steps, counter.spec_.scanner.get(), nullptr),
        rewriter_(counter.spec_.nfc, counter.spec_.space_alias, counter.spec_.prefix_space) {
    if (counter.spec_.tokens) tokens_ = std::make_unique<TokenSink>(*counter.spec_.tokens, table_);
  }

  WordTable& table() { return table_; }
  std::vector<uint8_t>& buffer() { return buffer_; }
  std::vector<uint8_t>& replaced() { return replaced_; }

  void count_all(const uint8_t* texts, const uint32_t* offsets, size_t count) {
    if (!counter_.spec_.cuts.lines && splits_only()) return count_items(texts, offsets, count);
    for (size_t i = 0; i < count; ++i) this->count(texts + offsets[i], offsets[i + 1] - offsets[i]);
  }

  void count(const uint8_t* text, size_t size) {
    if (size > kMostText) throw std::length_error("more than 4 GB in one text");
    const uint8_t *const end = text + size, *const readable_end = end + kPortionPadding;
    if (!counter_.spec_.cuts.lines || counter_.whole_texts_) return count_text(text, end, readable_end);
    if (splits_only()) return count_lines(text, end, readable_end);
    while (text < end) {
      const uint8_t* const line_end = end_of_line(text, end);
      count_text(text, line_end, readable_end);
      text = line_end;
    }
  }

 private:
  static const uint8_t* end_of_line(const uint8_t* at, const uint8_t* end) {
    const void* const newline = std::memchr(at, '\n', static_cast<size_t>(end - at));
    return newline ? static_cast<const uint8_t*>(newline) + 1 : end;
  }

  // Whether all that is done to a text is splitting; a run of tokens does not go on in the next one.
  bool splits_only() const { return rewriter_.idle() && !counter_.spec_.tokens; }

  void count_text(const uint8_t* begin, const uint8_t* end, const uint8_t* readable_end) {
    if (begin == end) return;
    const bpe::Stretch stretch = rewriter_.rewrite({begin, end, readable_end}, bpe::StretchPlace::first);
    if (stretch.begin == stretch.end) return;
    sink().begin_stretch(stretch.begin, stretch.readable_end);
    split(stretch.begin, stretch.end);
    end_stretch();
  }

  // Lines that nothing is done to but splitting: their words go to the table together.
  void count_lines(const uint8_t* at, const uint8_t* end, const uint8_t* readable_end) {
    sink().begin_stretch(at, readable_end);
    while (at < end) {
      const uint8_t* const line_end = end_of_line(at, end);
      split(at, line_end);
      at = line_end;
    }
    end_stretch();
  }

  // Texts that are often short: their words go to the table together.
  void count_items(const uint8_t* texts, const uint32_t* offsets, size_t count) {
    sink().begin_stretch(texts, texts + offsets[count] + kPortionPadding);
    for (size_t i = 0; i < count; ++i) {
      if (offsets[i] < offsets[i + 1]) split(texts + offsets[i], texts + offsets[i + 1]);
    }
    end_stretch();
  }

  bpe::PieceSink& sink() { return tokens_ ? static_cast<bpe::PieceSink&>(*tokens_) : words_; }

  void end_stretch() {
    sink().end_stretch();
    if (tokens_) tokens_->end_run();
  }

  void split(const uint8_t* begin, const uint8_t* end) {
    splitter_.split(begin, end, sink(), scratch_, [] { return false; });
  }

  const WordCounter& counter_;
  WordTable table_;
  WordSink words_;
  std::unique_ptr<TokenSink> tokens_;
  bpe::Splitter splitter_;
  bpe::SplitScratch scratch_;
  bpe::TextRewriter rewriter_;
  std::vector<uint8_t> buffer_, replaced_;
};

// A worker for as long as one call takes.
class WordCounter::Lease {
 public:
  explicit Lease(WordCounter& counter) : counter_(counter) {
    {
      const std::lock_guard lock(counter_.mutex_);
      if (!counter_.idle_.empty()) {
        worker_ = std::move(counter_.idle_.back());
        counter_.idle_.pop_back();
      }
    }
    if (!worker_) worker_ = std::make_unique<Worker>(counter_);
  }
  ~Lease() {
    const std::lock_guard lock(counter_.mutex_);
    counter_.idle_.push_back(std::move(worker_));
  }
  Worker* operator->() { return worker_.get(); }

 private:
  WordCounter& counter_;
  std::unique_ptr<Worker> worker_;
};

WordCounter::WordCounter(WordCounterSpec spec) : spec_(std::move(spec)) { whole_texts_ = !spec_.tokens && scan_lines_at_once(spec_); }

WordCounter::~WordCounter() = default;

void WordCounter::count(const uint8_t* texts, const uint32_t* offsets, size_t count) {
  Lease worker(*this);
  worker->count_all(texts, offsets, count);
}

bool WordCounter::count_file(const std::string& path, uint64_t from, uint64_t to, uint64_t size, bool replace) {
  Lease worker(*this);
  std::vector<uint8_t>& buffer = worker->buffer();
  const Portion portion = read_portion(path, from, to, size, spec_.cuts, buffer);
  if (text::find_malformed(portion.bytes, portion.size) == portion.size) {
    worker->count(portion.bytes, portion.size);
    return true;
  }
  if (!replace) return false;
  std::vector<uint8_t>& replaced = worker->replaced();
  replaced.clear();
  text::append_well_formed(portion.bytes, portion.size, replaced);
  const size_t replaced_size = replaced.size();
  replaced.resize(replaced_size + kPortionPadding, 0);
  worker->count(replaced.data(), replaced_size);
  return true;
}

void WordCounter::add(const uint8_t* word, uint32_t size, uint64_t count) {
  Lease worker(*this);
  worker->table().add(word, size, count);
}

bool WordCounter::add_written(const uint8_t* bytes, size_t size, uint32_t words) {
  Lease worker(*this);
  return training::add_written(worker->table(), bytes, size, words);
}

size_t WordCounter::bytes() const {
  const std::lock_guard lock(mutex_);
  size_t sum = 0;
  for (const auto& worker : idle_) sum += worker->table().bytes();
  return sum;
}

uint64_t WordCounter::total() const {
  const std::lock_guard lock(mutex_);
  uint64_t sum = 0;
  for (const auto& worker : idle_) sum += worker->table().total();
  return sum;
}

WordTable& WordCounter::merged() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) idle_.push_back(std::make_unique<Worker>(*this));
  // The largest takes the others up.
  std::sort(idle_.begin(), idle_.end(), [](const auto& a, const auto& b) { return a->table().size() > b->table().size(); });
  while (idle_.size() > 1) {
    idle_[0]->table().add_all(idle_.back()->table());
    idle_.pop_back();
  }
  return idle_[0]->table();
}

SortedWords WordCounter::sorted() const {
  const std::lock_guard lock(mutex_);
  std::vector<const WordTable*> tables;
  for (const auto& worker : idle_) tables.push_back(&worker->table());
  return SortedWords(std::move(tables));
}

void WordCounter::clear() {
  const std::lock_guard lock(mutex_);
  for (const auto& worker : idle_) worker->table().clear();
}

}  // namespace merganser::training
