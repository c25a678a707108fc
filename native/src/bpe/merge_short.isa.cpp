// Every position keeps one number: merge << 6 | position of the merge with its right neighbour. The smallest number is the next merge (lowest
// merge, leftmost among equals) and says where it is, so a step is one vector minimum, two bit scans for the neighbours and two pair look-ups.
#include "merganser/bpe/merge_short.hpp"

#include <bit>

#include "merganser/simd/min_u32.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {

uint64_t merge_short(const MergeView& view, uint32_t* ids, uint32_t count) {
  alignas(32) uint32_t candidates[kShort + 8];
  const uint32_t blocks = (count + 7) / 8;
  auto candidate = [&](uint32_t left, uint32_t right, uint32_t at) {
    const uint32_t merge = view.pairs.find(left, right);
    return merge == kNone ? kNone : merge << 6 | at;
  };
  for (uint32_t i = 0; i + 1 < count; ++i) candidates[i] = candidate(ids[i], ids[i + 1], i);
  for (uint32_t i = count - 1; i < 8 * blocks; ++i) candidates[i] = kNone;
  uint64_t live = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
  for (;;) {
    const uint32_t best = simd::MERGANSER_ISA_NS::min_u32(candidates, blocks);
    if (best == kNone) return live;
    const uint32_t at = best & 63, merge = best >> 6;
    const uint64_t right_of = live & (~uint64_t{1} << at);
    const uint32_t right = static_cast<uint32_t>(std::countr_zero(right_of));
    live &= ~(uint64_t{1} << right);
    candidates[right] = kNone;
    candidates[at] = kNone;
    const uint32_t id = view.product(merge);
    ids[at] = id;
    const uint64_t after = right_of & (right_of - 1);
    if (after) candidates[at] = candidate(id, ids[std::countr_zero(after)], at);
    const uint64_t before = live & ((uint64_t{1} << at) - 1);
    if (before) {
      const uint32_t previous = 63 - static_cast<uint32_t>(std::countl_zero(before));
      candidates[previous] = candidate(ids[previous], id, previous);
    }
  }
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
