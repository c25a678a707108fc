// How many bits a stream of ids takes if each is written as a varint (seven bits a byte, the lowest first) and each byte as its share of all bytes asks for:
// what DEFLATE's Huffman code comes near to where it finds no repetitions.
#pragma once
#include <array>
#include <cstdint>

namespace merganser::training {

class StreamSize {
 public:
  void add(uint32_t id, int64_t occurrences);
  // By how many bits it changes where so many times `left` and `right` become `product`. Of basic operations in a fixed order: the TypeScript twin gives
  // the same number.
  double change(uint32_t left, uint32_t right, uint32_t product, int64_t occurrences) const;

 private:
  std::array<int64_t, 256> counts_{};
  int64_t total_ = 0;
};

}  // namespace merganser::training
