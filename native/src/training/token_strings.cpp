#include "merganser/training/token_strings.hpp"

#include <algorithm>
#include <bit>

#include "merganser/bpe/token_index.hpp"

namespace merganser::training {

TokenStrings::TokenStrings(std::vector<uint8_t> bytes, const std::vector<uint32_t>& offsets, std::vector<uint8_t> prefix, size_t expected)
    : bytes_(std::move(bytes)), offsets_(offsets.begin(), offsets.end()), prefix_(std::move(prefix)), index_(std::bit_ceil(2 * expected + 64), kNone) {
  for (uint32_t id = 0; id < size(); ++id) index_[slot_of(text(id))] = id;
}

std::string_view TokenStrings::text(uint32_t id) const {
  return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[id], offsets_[id + 1] - offsets_[id]};
}

size_t TokenStrings::slot_of(std::string_view text) const {
  const uint64_t hash = bpe::hash_bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  const size_t mask = index_.size() - 1;
  size_t slot = (hash ^ hash >> 32) & mask;
  while (index_[slot] != kNone && this->text(index_[slot]) != text) slot = (slot + 1) & mask;
  return slot;
}

TokenStrings::Product TokenStrings::join(uint32_t left, uint32_t right) {
  const std::string_view prefix(reinterpret_cast<const char*>(prefix_.data()), prefix_.size());
  const size_t start = bytes_.size(), left_size = text(left).size();
  const size_t skipped = text(right).starts_with(prefix) ? prefix.size() : 0, right_size = text(right).size() - skipped;
  bytes_.resize(start + left_size + right_size);
  std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offsets_[left]), left_size, bytes_.begin() + static_cast<ptrdiff_t>(start));
  std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offsets_[right] + skipped), right_size,
              bytes_.begin() + static_cast<ptrdiff_t>(start + left_size));
  const size_t slot = slot_of({reinterpret_cast<const char*>(bytes_.data()) + start, left_size + right_size});
  if (index_[slot] != kNone) {
    bytes_.resize(start);
    return {index_[slot], false};
  }
  const uint32_t id = size();
  offsets_.push_back(bytes_.size());
  index_[slot] = id;
  if (2 * offsets_.size() > index_.size()) grow();
  return {id, true};
}

void TokenStrings::grow() {
  index_.assign(2 * index_.size(), kNone);
  for (uint32_t id = 0; id < size(); ++id) index_[slot_of(text(id))] = id;
}

}  // namespace merganser::training
