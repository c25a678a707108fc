// Steps as in merge_short, but what a step needs from memory is only asked for, and taken up when the piece's turn comes again.
#include "merganser/bpe/merge_in_turns.hpp"

#include <bit>

#include "merganser/simd/lanes16.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

constexpr uint32_t kGroup = 16;

// The candidates of a turn, in registers.
template <typename AnyTurn>
struct LanesOf;
template <>
struct LanesOf<Turn> {
  using Type = simd::MERGANSER_ISA_NS::Lanes16;
};
template <>
struct LanesOf<LongTurn> {
  using Type = simd::MERGANSER_ISA_NS::Lanes32;
};

// What a pair that does not merge gives, with its position or without.
constexpr uint32_t kNoCandidate = kNone << 6;

// The candidate of a pair whose line has come.
MERGANSER_INLINE uint32_t take(const MergeView& view, uint64_t key, uint32_t at) {
  const uint32_t merge = view.pairs.find_key(key);
  if (view.span == 0) __builtin_prefetch(&view.products[merge & ((1u << kMergeBits) - 1)]);
  return merge << 6 | at;
}

// Carries out the next merge of a piece and asks for the two pairs it makes; false if there is none.
template <typename AnyTurn, typename Lanes>
MERGANSER_INLINE bool merge_next(const MergeView& view, AnyTurn& turn, Lanes candidates) {
  const uint32_t best = candidates.min();
  if (best >= kNoCandidate) return false;
  const uint32_t at = best & 63, merge = best >> 6;
  const uint32_t id = view.product(merge);
  const uint64_t right_of = turn.live & (~uint64_t{1} << at);
  const uint64_t after = right_of & (right_of - 1);
  candidates.set(static_cast<uint32_t>(std::countr_zero(right_of)), kNone);
  candidates.store(turn.candidates);
  turn.live ^= right_of ^ after;
  turn.ids[at] = id;
  turn.right_at = at;
  turn.right_key = PairView::key(id, turn.ids[std::countr_zero(after)]);
  turn.left_at = 63 - static_cast<uint32_t>(std::countl_zero(turn.live & ((uint64_t{1} << at) - 1)));
  turn.left_key = PairView::key(turn.ids[turn.left_at], id);
  view.pairs.prefetch(turn.right_key);
  view.pairs.prefetch(turn.left_key);
  return true;
}

template <typename AnyTurn>
MERGANSER_INLINE void merge_all(const MergeView& view, AnyTurn* turns, uint32_t count) {
  using Lanes = typename LanesOf<AnyTurn>::Type;
  AnyTurn* active[kGroup];
  uint32_t size = 0, next = 0;
  // The next piece that merges at all, at place i; false if there is none.
  const auto start = [&](uint32_t i) {
    while (next < count) {
      active[i] = &turns[next++];
      if (merge_next(view, *active[i], Lanes(active[i]->candidates))) return true;
    }
    return false;
  };
  while (size < kGroup && start(size)) ++size;
  while (size > 0) {
    for (uint32_t i = 0; i < size;) {
      AnyTurn& turn = *active[i];
      Lanes candidates(turn.candidates);
      candidates.set(turn.left_at, take(view, turn.left_key, turn.left_at));
      candidates.set(turn.right_at, take(view, turn.right_key, turn.right_at));
      if (merge_next(view, turn, candidates) || start(i)) {
        ++i;
      } else {
        active[i] = active[--size];
      }
    }
  }
}

}  // namespace

void merge_in_turns(const MergeView& view, Turn* turns, uint32_t count) { merge_all(view, turns, count); }
void merge_in_long_turns(const MergeView& view, LongTurn* turns, uint32_t count) { merge_all(view, turns, count); }

}  // namespace merganser::bpe::MERGANSER_ISA_NS
