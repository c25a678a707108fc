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
};

class Decoder {
 public:
  Decoder(std::vector<uint8_t> token_bytes, std::vector<uint32_t> token_offsets, std::vector<uint8_t> traits);

  static constexpr size_t kUnknownId = SIZE_MAX;
  // Writes the bytes that the ids stand for and returns how many they are; kUnknownId where an id has no token. `skip_special` leaves out special
  // tokens. What was in the buffer is lost.
  size_t decode(const uint32_t* ids, size_t count, bool skip_special, parallel::KeptBuffer& out) const;

 private:
  class Output;

  // Bytes that so many ids will probably have, by some of them.
  size_t expected_size(const uint32_t* ids, size_t count) const;
  // Appends ids one by one; false where one has no token.
  bool append(const uint32_t* ids, size_t count, bool skip_special, Output& out) const;

  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> offsets_;
  std::vector<uint8_t> traits_;
  std::vector<TokenSlot> slots_;  // short tokens without traits
};

}  // namespace merganser::bpe
