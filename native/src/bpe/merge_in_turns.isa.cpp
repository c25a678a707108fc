// Steps as in merge_short, but what a step needs from memory is only asked for, and taken up when the piece's turn comes again.
#include "merganser/bpe/merge_in_turns.hpp"

#include <bit>

#include "merganser/simd/min_u32.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

constexpr uint32_t kGroup = 8;

// 0 if there is surely no such merge, else its key, with the slot on its way.
MERGANSER_INLINE uint64_t ask(const MergeView& view, uint32_t left, uint32_t right) {
  const uint64_t key = PairView::key(left, right);
  if (!view.pairs.maybe(key)) return 0;
  view.pairs.prefetch(key);
  return key;
}

MERGANSER_INLINE void take(const MergeView& view, Turn& turn, uint64_t key, uint32_t at) {
  if (key == 0) return;
  const uint32_t merge = view.pairs.find_key(key);
  if (merge == kNone) return;
  turn.candidates[at] = merge << 6 | at;
  if (view.products) __builtin_prefetch(&view.products[merge]);
}

// The next merge of a piece; false if there is none.
MERGANSER_INLINE bool step(const MergeView& view, Turn& turn) {
  take(view, turn, turn.left_key, turn.left_at);
  take(view, turn, turn.right_key, turn.right_at);
  turn.left_key = turn.right_key = 0;
  const uint32_t best = simd::MERGANSER_ISA_NS::min_u32(turn.candidates, kTurnSymbols / 8);
  if (best == kNone) return false;
  const uint32_t at = best & 63, merge = best >> 6;
  const uint32_t right_of = turn.live & (~1u << at);
  const uint32_t right = static_cast<uint32_t>(std::countr_zero(right_of));
  turn.live &= ~(1u << right);
  turn.candidates[right] = kNone;
  turn.candidates[at] = kNone;
  const uint32_t id = view.products ? view.products[merge] : merge;
  turn.ids[at] = id;
  const uint32_t after = right_of & (right_of - 1);
  if (after) {
    turn.right_at = at;
    turn.right_key = ask(view, id, turn.ids[std::countr_zero(after)]);
  }
  const uint32_t before = turn.live & ((1u << at) - 1);
  if (before) {
    turn.left_at = 31 - static_cast<uint32_t>(std::countl_zero(before));
    turn.candidates[turn.left_at] = kNone;
    turn.left_key = ask(view, turn.ids[turn.left_at], id);
  }
  return true;
}

}  // namespace

void merge_in_turns(const MergeView& view, Turn* turns, uint32_t count) {
  Turn* active[kGroup];
  uint32_t size = 0, next = 0;
  while (size < kGroup && next < count) active[size++] = &turns[next++];
  while (size > 0) {
    for (uint32_t i = 0; i < size;) {
      if (step(view, *active[i])) {
        ++i;
      } else if (next < count) {
        active[i++] = &turns[next++];
      } else {
        active[i] = active[--size];
      }
    }
  }
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
