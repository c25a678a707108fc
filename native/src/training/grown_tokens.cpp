#include "merganser/training/grown_tokens.hpp"

#include <algorithm>
#include <stdexcept>

namespace merganser::training {

void grow_tokens(TokenTable& tokens, const uint32_t* triples, size_t count, std::string_view prefix) {
  auto& bytes = tokens.bytes;
  auto& offsets = tokens.offsets;
  const auto text = [&](uint32_t token) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + offsets[token], offsets[token + 1] - offsets[token]);
  };
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* const triple = triples + 3 * i;
    if (triple[2] + 1 < offsets.size()) continue;
    const size_t left = text(triple[0]).size(), skipped = text(triple[1]).starts_with(prefix) ? prefix.size() : 0;
    const size_t right = text(triple[1]).size() - skipped, end = bytes.size();
    if (end + left + right > UINT32_MAX) throw std::length_error("more than 4 GB of tokens");
    bytes.resize(end + left + right);
    std::copy_n(&bytes[offsets[triple[0]]], left, &bytes[end]);
    std::copy_n(bytes.data() + offsets[triple[1]] + skipped, right, bytes.data() + end + left);
    offsets.push_back(static_cast<uint32_t>(bytes.size()));
  }
}

}  // namespace merganser::training
