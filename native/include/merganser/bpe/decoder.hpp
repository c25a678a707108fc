// Decoding by concatenation: each id's bytes, one after the other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/copy_slots.hpp"
#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::bpe {

// What is known about an id, as bits; DecoderSpec in lib/backend/kernels.ts has the same.
enum TokenTraits : uint8_t {
  kUnknownToken = 1,  // no token has the id
  kSpecialToken = 2,
  kPartialToken = 4,  // its bytes are not UTF-8 by themselves
};

class Decoder {
 public:
  Decoder(std::vector<uint8_t> token_bytes, std::vector<uint32_t> token_offsets, std::vector<uint8_t> traits);

  static constexpr size_t kUnknownId = SIZE_MAX;
  struct Decoded {
    size_t size;   // bytes; kUnknownId where an id has no token
    bool partial;  // there may be partial tokens among the ids
    bool ascii;    // the bytes are nothing else
  };
  // Writes the bytes that the ids stand for. `skip_special` leaves out special tokens. What was in the buffer is lost.
  Decoded decode(const uint32_t* ids, size_t count, bool skip_special, parallel::KeptBuffer& out) const;

 private:
  class Output;

  // Bytes that so many ids will probably have, by some of them.
  size_t expected_size(const uint32_t* ids, size_t count) const;
  // Appends ids one by one; false where one has no token. `ascii` is not true any more where there are other bytes.
  bool append(const uint32_t* ids, size_t count, bool skip_special, Output& out, bool& ascii) const;
  // Whether any is among those from the first partial token to the last.
  bool any_partial(const uint32_t* ids, size_t count) const;

  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> offsets_;
  std::vector<uint8_t> traits_;
  std::vector<TokenSlot> slots_;  // short tokens, of those without other traits
  uint32_t first_partial_ = 0, partials_ = 0;  // the first partial token, and how many ids there are from it to the last
};

}  // namespace merganser::bpe
