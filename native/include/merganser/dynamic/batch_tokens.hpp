// The tokens of a batch: the vocabulary's, and those that merges made.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "merganser/dynamic/merger_vocabulary.hpp"

namespace merganser::dynamic {

class BatchTokens {
 public:
  explicit BatchTokens(std::shared_ptr<MergerVocabulary> vocabulary);

  MergerVocabulary& vocabulary() const { return *vocabulary_; }
  Traits traits(uint32_t id) const { return id < base_ ? vocabulary_->traits(id) : new_traits_[id - base_]; }
  size_t text_size(uint32_t id) const { return text(id).size(); }
  std::string text_of_pair(uint32_t left, uint32_t right) const;
  // The token that a pair becomes: one that is there already, or a new one.
  uint32_t join(uint32_t left, uint32_t right);

  // The new tokens: their texts, and the vocabulary's tokens that each was made of when it first came up.
  const std::string& bytes() const { return bytes_; }
  const std::vector<uint32_t>& byte_offsets() const { return byte_offsets_; }
  const std::vector<uint32_t>& parts() const { return parts_; }
  const std::vector<uint32_t>& part_offsets() const { return part_offsets_; }

 private:
  // Valid until the next `join`.
  std::string_view text(uint32_t id) const;
  std::string_view new_text(uint32_t number) const {
    return std::string_view(bytes_).substr(byte_offsets_[number], byte_offsets_[number + 1] - byte_offsets_[number]);
  }
  size_t slot_of(std::string_view text) const;
  void append_parts(uint32_t id);
  void grow();

  std::shared_ptr<MergerVocabulary> vocabulary_;
  const uint32_t base_;
  std::string bytes_;
  std::vector<uint32_t> byte_offsets_{0};
  std::vector<uint32_t> parts_;
  std::vector<uint32_t> part_offsets_{0};
  std::vector<Traits> new_traits_;
  std::vector<uint32_t> index_;  // new tokens by their texts: number + 1, 0 is free; at most half full
};

}  // namespace merganser::dynamic
