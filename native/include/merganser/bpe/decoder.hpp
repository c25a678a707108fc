// Decoding by concatenation: each id's bytes, one after the other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::bpe {

class Decoder {
 public:
  Decoder(std::vector<uint8_t> token_bytes, std::vector<uint32_t> token_offsets);
  // Bytes that `count` ids stand for. Every id is in the vocabulary.
  size_t size(const uint32_t* ids, size_t count) const;
  // Writes them; `size` is what size() said.
  void decode(const uint32_t* ids, size_t count, uint8_t* out, size_t size) const;

 private:
  std::vector<uint8_t> bytes_;  // padded, so that 16 bytes can be read from any token's start
  std::vector<uint32_t> offsets_;
};

}  // namespace merganser::bpe
