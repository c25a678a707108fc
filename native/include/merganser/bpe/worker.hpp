// One thread's state while it encodes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/encoder.hpp"

namespace merganser::bpe {

class Worker {
 public:
  explicit Worker(const Encoder& encoder);
  EncodeResult encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options);

 private:
  struct Stretch {
    const uint8_t* begin;
    const uint8_t* end;
    const uint8_t* readable_end;
  };
  // A stretch of text between added tokens; `first`: nothing stands before it.
  void encode_stretch(Stretch stretch, bool first, const EncodeOptions& options);
  Stretch normalized(Stretch stretch, bool first);
  bool wants_prefix(const Stretch& stretch, bool first) const;

  const Encoder& encoder_;
  PieceBatch batch_;
  SplitScratch split_scratch_;
  std::vector<uint8_t> nfc_, rewritten_;
};

}  // namespace merganser::bpe
