// How many bits a stream of ids takes if each id has a code as long as its share of all asks for. DEFLATE comes near to that: what it codes is bytes, but
// what it finds repeated are ids. (Shares of bytes, which is what its Huffman code has, make worse merges than counting alone.)
#pragma once
#include <cstdint>
#include <vector>

namespace merganser::training {

class StreamSize {
 public:
  void add(uint32_t id, int64_t occurrences);
  // By how many bits it changes where so many times `left` and `right` become `product`. Of basic operations in a fixed order: the TypeScript twin gives
  // the same number.
  double change(uint32_t left, uint32_t right, uint32_t product, int64_t occurrences) const;

 private:
  std::vector<int64_t> counts_;  // by id
  int64_t total_ = 0;
};

}  // namespace merganser::training
