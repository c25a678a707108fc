#include "merganser/bpe/merge_numbers.hpp"

#include <cstring>
#include <utility>

#include "merganser/bpe/pair_table.hpp"

namespace merganser::bpe {
namespace {

class MergeList {
 public:
  explicit MergeList(const ModelSpec& spec) : spec_(spec) {}
  size_t size() const { return spec_.merges.size() / 3; }
  uint32_t product(size_t place) const { return spec_.merges[3 * place + 2]; }
  bool is_concatenation(size_t place) const {
    const uint32_t left = spec_.merges[3 * place], right = spec_.merges[3 * place + 1];
    const uint32_t left_size = spec_.token_size(left), right_size = spec_.token_size(right);
    const uint8_t* const text = spec_.token(product(place));
    return spec_.token_size(product(place)) == left_size + right_size && std::memcmp(text, spec_.token(left), left_size) == 0 &&
           std::memcmp(text + left_size, spec_.token(right), right_size) == 0;
  }
  // Whether the merge at a place, which is not the first, has a product with a higher id than the merge before, or certainly spelt alike.
  bool follows(size_t place) const {
    if (product(place - 1) != product(place)) return product(place - 1) < product(place);
    return is_concatenation(place - 1) && is_concatenation(place);
  }
  // The longest stretch that may go by its products.
  std::pair<size_t, size_t> ordered() const {
    std::pair<size_t, size_t> longest{0, 0};
    for (size_t begin = 0, end = 0; begin < size(); begin = end) {
      for (end = begin + 1; end < size() && follows(end);) ++end;
      if (end - begin > longest.second - longest.first) longest = {begin, end};
    }
    return longest;
  }

 private:
  const ModelSpec& spec_;
};

}  // namespace

MergeNumbers::MergeNumbers(const ModelSpec& spec, bool unambiguous) {
  const MergeList list(spec);
  std::pair<size_t, size_t> ordered = unambiguous ? list.ordered() : std::pair<size_t, size_t>{0, 0};
  if (list.size() + spec.vocab_size() >= (size_t{1} << kMergeBits)) ordered = {0, 0};
  const auto [begin, end] = ordered;
  first_ = static_cast<uint32_t>(begin);
  span_ = begin < end ? spec.vocab_size() : 0;
  ordered_end_ = end;
  for (size_t place = 0; place < list.size(); ++place) {
    if (place < begin || place >= end) listed_.push_back(list.product(place));
  }
}

}  // namespace merganser::bpe
