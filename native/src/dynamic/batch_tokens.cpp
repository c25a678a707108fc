#include "merganser/dynamic/batch_tokens.hpp"

#include <stdexcept>

namespace merganser::dynamic {
namespace {

constexpr size_t kFirstSlots = 256;

}  // namespace

BatchTokens::BatchTokens(std::shared_ptr<MergerVocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)), base_(vocabulary_->size()), index_(kFirstSlots) {}

std::string_view BatchTokens::text(uint32_t id) const { return id < base_ ? vocabulary_->text(id) : new_text(id - base_); }

std::string BatchTokens::text_of_pair(uint32_t left, uint32_t right) const {
  std::string joined(text(left));
  joined += text(right);
  return joined;
}

uint32_t BatchTokens::join(uint32_t left, uint32_t right) {
  const std::string joined = text_of_pair(left, right);
  const uint32_t known = vocabulary_->find(joined);
  if (known != bpe::kNone) return known;
  const size_t slot = slot_of(joined);
  if (index_[slot] != 0) return base_ + index_[slot] - 1;
  if (bytes_.size() + joined.size() > UINT32_MAX) throw std::length_error("more than 4 GiB of new tokens");
  const uint32_t number = static_cast<uint32_t>(new_traits_.size());
  index_[slot] = number + 1;
  bytes_ += joined;
  byte_offsets_.push_back(static_cast<uint32_t>(bytes_.size()));
  new_traits_.push_back(join_traits(traits(left), traits(right)));
  append_parts(left);
  append_parts(right);
  part_offsets_.push_back(static_cast<uint32_t>(parts_.size()));
  if (2 * new_traits_.size() > index_.size()) grow();
  return base_ + number;
}

void BatchTokens::append_parts(uint32_t id) {
  if (id < base_) {
    parts_.push_back(id);
    return;
  }
  for (uint32_t i = part_offsets_[id - base_]; i < part_offsets_[id - base_ + 1]; ++i) parts_.push_back(uint32_t{parts_[i]});
}

size_t BatchTokens::slot_of(std::string_view text) const {
  const uint64_t hash = bpe::hash_bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  const size_t mask = index_.size() - 1;
  size_t slot = (hash ^ hash >> 32) & mask;
  while (index_[slot] != 0 && new_text(index_[slot] - 1) != text) slot = (slot + 1) & mask;
  return slot;
}

void BatchTokens::grow() {
  index_.assign(2 * index_.size(), 0);
  for (uint32_t number = 0; number < new_traits_.size(); ++number) index_[slot_of(new_text(number))] = number + 1;
}

}  // namespace merganser::dynamic
