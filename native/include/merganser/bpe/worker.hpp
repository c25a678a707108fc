// One thread's state while it encodes.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/bpe/encoder.hpp"
#include "merganser/bpe/supermerge_sink.hpp"
#include "merganser/bpe/text_rewriter.hpp"

namespace merganser::bpe {

class Worker {
 public:
  explicit Worker(const Encoder& encoder);
  EncodeResult encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options);

 private:
  // A stretch of text between added tokens.
  void encode_stretch(Stretch stretch, StretchPlace place, const EncodeOptions& options);

  const Encoder& encoder_;
  PieceBatch batch_;
  std::unique_ptr<SupermergeSink> supermerging_;  // null: no supermerges
  SplitScratch split_scratch_;
  TextRewriter rewriter_;
};

}  // namespace merganser::bpe
