// The BPE model as plain data. Mirrors BpeSpec of lib/backend/kernels.ts, where every field is documented.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::bpe {

using Bytes = std::vector<uint8_t>;

struct ModelSpec {
  Bytes token_bytes;
  std::vector<uint32_t> token_offsets;
  bool has_merges = false;        // false: tiktoken's rule (a pair merges if its concatenation is a token, lowest id first)
  std::vector<uint32_t> merges;   // (left, right, product) in order of rank
  bool char_units = false;
  std::array<int32_t, 256> byte_ids{};
  bool byte_fallback = false;
  int32_t unk_id = -1;
  bool fuse_unk = false;
  Bytes continuing_prefix;
  Bytes end_of_word_suffix;
  bool ignore_merges = false;
  bool has_removals = false;       // true: merges are made in the order of time, and tokens are taken back in between
  std::vector<uint32_t> removals;  // each: merges before it, token, number of parts, parts
  uint32_t kept = UINT32_MAX;      // tokens from this id on are in no result

  uint32_t vocab_size() const { return static_cast<uint32_t>(token_offsets.size() - 1); }
  const uint8_t* token(uint32_t id) const { return token_bytes.data() + token_offsets[id]; }
  uint32_t token_size(uint32_t id) const { return token_offsets[id + 1] - token_offsets[id]; }
};

}  // namespace merganser::bpe
