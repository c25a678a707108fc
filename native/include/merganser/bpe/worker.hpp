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
  // See Encoder.
  EncodeResult encode_texts(const Texts& texts, IdBuffer& out, uint32_t* ends, const EncodeOptions& options);

 private:
  void start(IdBuffer* out, const EncodeOptions& options, uint32_t* ends);
  // False if it holds an added token that is refused.
  bool encode_text(const uint8_t* text, size_t size, size_t readable, const EncodeOptions& options, EncodeResult& result);
  // A stretch of text between added tokens.
  void encode_stretch(Stretch stretch, StretchPlace place, const EncodeOptions& options);
  void encode_part(Stretch part, StretchPlace place);
  void split_stretch(Stretch stretch, PieceSink& sink);
  void push_added(Stretch token, uint32_t id);
  void open(Stretch stretch);
  void close();

  const Encoder& encoder_;
  std::unique_ptr<LateSplits> late_;  // null: all steps come before the look-up
  PieceBatch batch_;
  std::unique_ptr<SupermergeSink> supermerging_;  // null: no supermerges
  SplitScratch split_scratch_;
  TextRewriter rewriter_;
  // The batch goes on over stretches and added tokens that stand in the text as it is (some vocabularies have every line's end as an added token), and
  // over texts.
  bool open_ = false;
  // Nothing in the text at hand is rewritten: asked once, as a text may have very many stretches.
  bool as_it_is_ = false;
};

}  // namespace merganser::bpe
