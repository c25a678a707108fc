// A tokenizer's whole path from text to ids: added tokens, normalization, pre-tokenization, model.
// An Encoder never changes and is shared by all threads; what a thread needs besides is its Worker, taken from the encoder and given back.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "merganser/bpe/added_tokens.hpp"
#include "merganser/bpe/encoder_spec.hpp"
#include "merganser/bpe/implied_tokens.hpp"
#include "merganser/bpe/model.hpp"
#include "merganser/bpe/piece_batch.hpp"
#include "merganser/bpe/safe_cuts.hpp"
#include "merganser/bpe/splitter.hpp"
#include "merganser/bpe/text_parts.hpp"

namespace merganser::bpe {

struct EncodeOptions {
  const uint8_t* actions = nullptr;              // one per added token, or null: all become ids
  uint64_t limit = UINT64_MAX;                   // counting: stop when there are more
  const std::atomic<bool>* cancelled = nullptr;  // encoding: stop with whatever there is
  const std::function<void(size_t bytes)>* merged = nullptr;  // see StopRule
  bool continues = false;                        // the text is the later part of one that was cut
  size_t expected = 0;                           // bytes: a thread that encodes this text will encode about as many in all
};

// Texts back to back: text i is bytes[offsets[i], offsets[i + 1]) of `size` readable ones.
struct Texts {
  const uint8_t* bytes;
  size_t size;
  const uint32_t* offsets;  // count + 1
  size_t count;
};

struct EncodeResult {
  uint64_t count = 0;
  // An added token that the options refuse: its number and place; encoding has stopped there.
  bool refused = false;
  uint32_t refused_token = 0;
  size_t refused_at = 0;
};

class Worker;

class Encoder {
 public:
  // `word_ranges`: see AddedTokens.
  Encoder(EncoderSpec spec, const std::vector<uint32_t>& word_ranges);
  ~Encoder();

  // What was derived from the specification; see saved_tables.hpp.
  std::vector<uint8_t> save_tables() const;

  // Appends the ids of text[0, size), well-formed UTF-8 with `readable` >= size readable bytes, to `out`; or only counts them (out null).
  EncodeResult encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options) const;
  // Appends the ids of all texts to `out`; ends[i] becomes the number of ids in `out` behind text i. `options.continues` is about the first text. A
  // refused token's place is counted from `bytes`.
  EncodeResult encode_texts(const Texts& texts, IdBuffer& out, uint32_t* ends, const EncodeOptions& options) const;
  // See TextParts::find.
  size_t find_cut(const uint8_t* text, size_t size, size_t from, size_t to, const uint8_t* actions) const {
    return spec_.supermerges ? size : parts_.find(text, size, from, to, actions);
  }
  // See TextParts::find_last.
  size_t find_last_cut(const uint8_t* text, size_t size, size_t from, const uint8_t* actions) const {
    return spec_.supermerges ? 0 : parts_.find_last(text, size, from, actions);
  }

 private:
  friend class Worker;
  class Lease;
  // null: none is idle.
  Worker* take_idle() const;

  EncoderSpec spec_;
  AddedTokens added_;
  std::unique_ptr<const ImpliedTokens> implied_;  // null: there are none
  std::shared_ptr<const SafeCuts> cuts_;
  Splitter splitter_;
  size_t early_steps_;  // of splitter_, which come before the look-up
  TextParts parts_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Worker>> idle_;
  mutable std::atomic<Worker*> latest_{nullptr};
};

}  // namespace merganser::bpe
