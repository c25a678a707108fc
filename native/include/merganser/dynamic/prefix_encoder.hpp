// Texts to the longest tokens that stand in them, from left to right. Mirrors encodePrefixes of lib/backend/dynamic-kernels.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "merganser/dynamic/prefix_trie.hpp"

namespace merganser::dynamic {

class PrefixEncoder {
 public:
  // `unknown`: the id of a byte at which no token begins; PrefixTrie::kNone: there is none.
  PrefixEncoder(std::shared_ptr<const PrefixTrie> trie, uint32_t unknown, std::vector<uint32_t> offsets)
      : trie_(std::move(trie)), unknown_(unknown), offsets_(std::move(offsets)) {}

  // Text i is text[offsets[i], offsets[i + 1]). Ends early where `goes_on`, which is called now and then, returns false, or where a byte is unknown that has
  // no id.
  void run(const uint8_t* text, const std::function<bool()>& goes_on);

  const std::vector<uint32_t>& ids() const { return ids_; }
  const std::vector<uint32_t>& id_offsets() const { return id_offsets_; }
  // The byte at which it had to end, or −1.
  int64_t unknown_at() const { return unknown_at_; }

 private:
  const std::shared_ptr<const PrefixTrie> trie_;
  const uint32_t unknown_;
  const std::vector<uint32_t> offsets_;
  std::vector<uint32_t> ids_, id_offsets_{0};
  int64_t unknown_at_ = -1;
};

}  // namespace merganser::dynamic
