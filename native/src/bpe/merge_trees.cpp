#include "merganser/bpe/merge_trees.hpp"

#include <algorithm>
#include <cstring>

#include "merganser/bpe/model.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::bpe {
std::unique_ptr<const MergeTrees> MergeTrees::find(const Model& model) {
  if (!model.complete() || (model.spec().char_units && model.merges_bytes())) return nullptr;
  std::unique_ptr<MergeTrees> trees(new MergeTrees(model));
  trees->plant_units();
  return trees->grow() ? std::move(trees) : nullptr;
}

MergeTrees::MergeTrees(const Model& model) : model_(model), pairs_(model.pairs().view()), trees_(model.spec().vocab_size()) {}

void MergeTrees::plant_units() {
  const ModelSpec& spec = model_.spec();
  for (const int32_t id : spec.byte_ids) {
    if (id < 0) continue;
    Tree& tree = trees_[static_cast<uint32_t>(id)];
    tree.time = 0;
    tree.fallback = spec.char_units;
    if (!spec.char_units) tokens_.push_back(static_cast<uint32_t>(id));
  }
  if (!spec.char_units) return;
  for (uint32_t id = 0; id < spec.vocab_size(); ++id) {
    const uint32_t size = spec.token_size(id);
    if (size == 0 || text::sequence_size(*spec.token(id)) != size || model_.index().find(spec.token(id), size) != id) continue;
    trees_[id].time = 0;
    tokens_.push_back(id);
  }
}

// Short products first, so that their parts have their trees.
bool MergeTrees::grow() {
  const ModelSpec& spec = model_.spec();
  std::vector<Merge> merges;
  std::vector<uint64_t> order;  // size of the product, place in `merges`
  model_.pairs().for_each([&](uint32_t left, uint32_t right, uint32_t number) {
    const uint32_t product = model_.product(number);
    order.push_back(static_cast<uint64_t>(spec.token_size(product)) << 32 | merges.size());
    merges.push_back({left, right, number, product});
  });
  std::sort(order.begin(), order.end());
  MergeScratch scratch;
  return std::all_of(order.begin(), order.end(), [&](uint64_t place) { return add(merges[static_cast<uint32_t>(place)], scratch); });
}

// The tree of a merge's product, if this is its last merge. False if the product is not spelt as its parts are.
bool MergeTrees::add(const Merge& merge, MergeScratch& scratch) {
  const Tree &left = trees_[merge.left], &right = trees_[merge.right];
  Tree& tree = trees_[merge.product];
  if (tree.time != kNone && tree.time > 0) return true;
  if (left.time == kNone || right.time == kNone) return true;
  if (tree.time == 0 || !is_concatenation(merge)) return false;
  const bool odd = left.odd || right.odd || merge.number < left.time || merge.number < right.time;
  const uint32_t product[] = {merge.product};
  if (odd ? !model_.merges_to(product, scratch) : !apart(merge.left, merge.right, merge.number)) return true;
  tree = {merge.left, merge.right, merge.number + 1, odd};
  tokens_.push_back(merge.product);
  return true;
}

bool MergeTrees::is_concatenation(const Merge& merge) const {
  const ModelSpec& spec = model_.spec();
  const uint32_t left = spec.token_size(merge.left), right = spec.token_size(merge.right);
  const uint8_t* const product = spec.token(merge.product);
  return spec.token_size(merge.product) == left + right && std::memcmp(product, spec.token(merge.left), left) == 0 &&
         std::memcmp(product + left, spec.token(merge.right), right) == 0;
}

bool MergeTrees::side_by_side(uint32_t left, uint32_t right, MergeScratch& scratch) const {
  const Tree &a = trees_[left], &b = trees_[right];
  if (a.fallback || b.fallback) return true;
  if (!a.odd && !b.odd) return apart(left, right, kNone);
  const uint32_t both[] = {left, right};
  return model_.merges_to(both, scratch);
}

bool MergeTrees::apart(uint32_t left, uint32_t right, uint32_t before) const {
  for (;;) {
    if (pairs_.find(left, right) < before) return false;
    const Tree &a = trees_[left], &b = trees_[right];
    if (a.time > b.time) {
      before = a.time - 1;
      left = a.right;
    } else if (b.time > 0) {
      // Of equal merges the leftmost comes first: the one across the boundary before the one on its right, but behind the one on its left.
      before = b.time;
      right = b.left;
    } else {
      return true;
    }
  }
}

}  // namespace merganser::bpe
