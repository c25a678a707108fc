// Decoding by concatenation: each id's bytes, one after the other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

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
  // Bytes that the ids stand for; special tokens have none if they are skipped. kUnknownId where an id has no token.
  size_t size(const uint32_t* ids, size_t count, bool skip_special) const;
  // Writes them; `size` is what size() said.
  void decode(const uint32_t* ids, size_t count, bool skip_special, uint8_t* out, size_t size) const;

 private:
  static constexpr size_t kBlock = 16;
  struct Slot {
    uint8_t bytes[kBlock];
  };

  uint32_t full_length(uint32_t id, const std::vector<uint8_t>& lengths) const;
  void append_exact(uint32_t id, const std::vector<uint8_t>& lengths, uint8_t*& out) const;
  const std::vector<uint8_t>& lengths(bool skip_special) const { return skip_special ? lengths_without_special_ : lengths_; }

  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> offsets_;
  // Per id, and one more that stands for all ids beyond: so small that the frequent ones stay in the first caches.
  std::vector<uint8_t> lengths_, lengths_without_special_;
  std::vector<Slot> slots_;  // the bytes of tokens that fit
};

}  // namespace merganser::bpe
