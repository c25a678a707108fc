// The strings of a vocabulary that grows: to find out whether what a merge gives is a token already.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace merganser::training {

class TokenStrings {
 public:
  // Token i is bytes[offsets[i], offsets[i + 1]); no two are equal. `prefix` is taken off a right part that begins with it.
  TokenStrings(std::vector<uint8_t> bytes, const std::vector<uint32_t>& offsets, std::vector<uint8_t> prefix, size_t expected);

  uint32_t size() const { return static_cast<uint32_t>(offsets_.size() - 1); }
  struct Product {
    uint32_t id;
    bool fresh;  // it was no token before
  };
  Product join(uint32_t left, uint32_t right);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  std::string_view text(uint32_t id) const;
  // Where the token with this text stands in the index, or where it would.
  size_t slot_of(std::string_view text) const;
  void grow();

  std::vector<uint8_t> bytes_;
  std::vector<size_t> offsets_;
  std::vector<uint8_t> prefix_;
  std::vector<uint32_t> index_;  // open addressing, at most half full
};

}  // namespace merganser::training
