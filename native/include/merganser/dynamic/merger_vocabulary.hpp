// What all runs of a merger share: the vocabulary, and the verdicts so far.
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "merganser/bpe/model_spec.hpp"
#include "merganser/bpe/token_index.hpp"
#include "merganser/dynamic/traits.hpp"

namespace merganser::dynamic {

// Mirrors TokenMergerSpec of lib/backend/dynamic-kernels.ts, where every field is documented.
struct MergerSpec {
  bpe::ModelSpec tokens;  // nothing but their bytes
  std::vector<Traits> traits;
  bool split_matters = false;
};

class MergerVocabulary {
 public:
  explicit MergerVocabulary(MergerSpec spec) : spec_(std::move(spec)), index_(spec_.tokens) {}

  uint32_t size() const { return static_cast<uint32_t>(spec_.traits.size()); }
  Traits traits(uint32_t id) const { return spec_.traits[id]; }
  std::string_view text(uint32_t id) const { return {reinterpret_cast<const char*>(spec_.tokens.token(id)), spec_.tokens.token_size(id)}; }
  // The token with this text, or bpe::kNone.
  uint32_t find(std::string_view text) const { return index_.find(reinterpret_cast<const uint8_t*>(text.data()), text.size()); }

  // Of the pair with this text whose left token has `split` bytes; nothing if it was never asked for. On any thread, as `remember`.
  std::optional<bool> verdict(std::string text, size_t split) const;
  void remember(std::string text, size_t split, bool allowed);

 private:
  std::string key(std::string text, size_t split) const;

  const MergerSpec spec_;
  const bpe::TokenIndex index_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, bool> verdicts_;
};

}  // namespace merganser::dynamic
