#include "merganser/dynamic/prefix_encoder.hpp"

namespace merganser::dynamic {
namespace {

constexpr size_t kTickEvery = size_t{1} << 18;  // bytes

}  // namespace

void PrefixEncoder::run(const uint8_t* text, const std::function<bool()>& goes_on) {
  size_t tick = kTickEvery;
  for (size_t i = 0; i + 1 < offsets_.size(); ++i) {
    const size_t end = offsets_[i + 1];
    for (size_t at = offsets_[i]; at < end;) {
      const PrefixTrie::Match match = trie_->longest(text + at, end - at);
      if (match.token != PrefixTrie::kNone) {
        ids_.push_back(match.token);
        at += match.size;
      } else if (unknown_ != PrefixTrie::kNone) {
        ids_.push_back(unknown_);
        ++at;
      } else {
        unknown_at_ = static_cast<int64_t>(at);
        return;
      }
      if (at < tick) continue;
      tick = at + kTickEvery;
      if (!goes_on()) return;
    }
    id_offsets_.push_back(static_cast<uint32_t>(ids_.size()));
  }
}

}  // namespace merganser::dynamic
