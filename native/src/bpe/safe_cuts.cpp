#include "merganser/bpe/safe_cuts.hpp"

#include <algorithm>
#include <bit>

#include "merganser/text/utf8.hpp"

namespace merganser::bpe {

std::unique_ptr<SafeCuts> SafeCuts::find(const Model& model) {
  const ModelSpec& spec = model.spec();
  // With ignore_merges a whole text can be one token, and unknown characters next to each other can be fused into one.
  if (!spec.char_units || !spec.has_merges || spec.ignore_merges || !model.complete() || model.merges_bytes()) return nullptr;
  std::vector<uint64_t> joined;
  for (const uint32_t id : model.products()) {
    const uint8_t* token = spec.token(id);
    const uint8_t* const end = token + spec.token_size(id);
    for (uint32_t left = 0; token < end;) {
      const text::CodePoint right = text::decode(token);
      if (left != 0 || token != spec.token(id)) joined.push_back(static_cast<uint64_t>(left) << 32 | right.value);
      left = right.value;
      token += right.size;
    }
  }
  std::sort(joined.begin(), joined.end());
  joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
  auto cuts = std::unique_ptr<SafeCuts>(new SafeCuts());
  const uint32_t bits = std::clamp(static_cast<uint32_t>(std::bit_width(joined.size() * 16)), 10u, 24u);
  cuts->pair_shift_ = 32 - bits;
  cuts->pairs_.assign((size_t{1} << bits) / 64, 0);
  for (const uint64_t pair : joined) cuts->add(static_cast<uint32_t>(pair >> 32), static_cast<uint32_t>(pair));
  return cuts;
}

void SafeCuts::add(uint32_t left, uint32_t right) {
  if (left < 128 && right < 128) {
    ascii_[left][right >> 6] |= uint64_t{1} << (right & 63);
    return;
  }
  const uint32_t hash = pair_hash(left, right);
  pairs_[hash >> 6] |= uint64_t{1} << (hash & 63);
}

uint32_t SafeCuts::scan(const uint8_t*& position, const uint8_t* end, const uint8_t* base, uint32_t* ends, uint32_t capacity) const {
  uint32_t count = 0;
  const uint8_t* at = position;
  text::CodePoint left = text::decode(at);
  at += left.size;
  while (at < end && count < capacity) {
    const text::CodePoint right = text::decode(at);
    // Written always, kept if it is a cut: whether it is one is the least predictable thing about text.
    ends[count] = static_cast<uint32_t>(at - base);
    count += !may_join(left.value, right.value);
    left = right;
    at += right.size;
  }
  if (count < capacity && at >= end) ends[count++] = static_cast<uint32_t>(end - base);
  if (count > 0) position = base + ends[count - 1];
  return count;
}

}  // namespace merganser::bpe
