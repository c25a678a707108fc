#include "merganser/bpe/merge_numbers.hpp"

#include <cstring>

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
  // Where merges begin that may go by their products.
  size_t ordered_from() const {
    if (size() == 0) return 0;
    size_t from = size() - 1;
    while (from > 0 && follows(from)) --from;
    return from;
  }

 private:
  const ModelSpec& spec_;
};

}  // namespace

MergeNumbers::MergeNumbers(const ModelSpec& spec, bool unambiguous) {
  const MergeList list(spec);
  size_t listed = unambiguous ? list.ordered_from() : list.size();
  if (listed + spec.vocab_size() >= (size_t{1} << kMergeBits)) listed = list.size();
  listed_.resize(listed);
  for (size_t place = 0; place < listed; ++place) listed_[place] = list.product(place);
}

}  // namespace merganser::bpe
