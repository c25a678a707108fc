#include "merganser/reduction/group_candidates.hpp"

#include <cmath>

#include "merganser/reduction/panel_candidates.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using clustering::kByteGroup;

// Below it, angles of floor and group may add up to more than 180°, whose cosines rise again.
constexpr float kLeastFloor = 0.25f;
// Squares and cosines of vectors of about unit length are off by less.
constexpr float kSlack = 1e-4f, kSquareSlack = 1e-5f;
constexpr size_t kTogether = 2;

#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
// The products of kGroups groups of a row and some panels.
template <size_t kGroups, size_t kCount>
MERGANSER_INLINE void add_groups(const uint8_t* codes, const int8_t* const (&numbers)[kCount], size_t at, ByteSums (&sums)[kCount]) {
  ByteSums::Words words[kCount];
#pragma GCC unroll 4
  for (size_t group = 0; group < kGroups; ++group) {
    const ByteSums::Row four = ByteSums::row(codes + group * kByteGroup);
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) {
      const ByteSums::Codes columns = ByteSums::codes(numbers[p] + at + group * kStep);
      if (group == 0) words[p] = ByteSums::Words::of(four, columns);
      else words[p].add(four, columns);
    }
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < kCount; ++p) sums[p].add(words[p]);
}
#endif

// Calls `take` with each of some panels and a row's scores of it. Products of several panels do not wait for each other.
template <size_t kCount, typename PanelAt, typename Take>
MERGANSER_INLINE void score_some(const ByteRows& rows, size_t row, const BytePanels& panels, PanelAt panel_at, Take take) {
  const uint8_t* const codes = rows.codes + row * rows.stride;
  const int8_t* numbers[kCount];
  ByteSums sums[kCount];
#pragma GCC unroll 4
  for (size_t p = 0; p < kCount; ++p) {
    const size_t panel = panel_at(p);
    numbers[p] = panels.codes + panel / 2 * panels.groups * kStep + panel % 2 * (kStep / 2);
    sums[p] = ByteSums::start(panels.starts + panel * kPanel);
  }
#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
  size_t group = 0;
  for (; group + kGroupsOfLane <= panels.groups; group += kGroupsOfLane) add_groups<kGroupsOfLane>(codes + group * kByteGroup, numbers, group * kStep, sums);
  for (; group < panels.groups; ++group) add_groups<1>(codes + group * kByteGroup, numbers, group * kStep, sums);
#else
#pragma GCC unroll 4
  for (size_t group = 0; group < panels.groups; ++group) {
    const ByteSums::Row four = ByteSums::row(codes + group * kByteGroup);
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) sums[p].add(four, ByteSums::codes(numbers[p] + group * kStep));
  }
#endif
#pragma GCC unroll 4
  for (size_t p = 0; p < kCount; ++p) {
    const size_t panel = panel_at(p);
    take(panel, sums[p].scores(rows.scales[row], panels.scales + panel * kPanel, panels.halves + panel * kPanel));
  }
}

template <typename PanelAt, typename Take>
MERGANSER_INLINE void score_all(const ByteRows& rows, size_t row, const BytePanels& panels, size_t count, PanelAt panel_at, Take take) {
  size_t at = 0;
  for (; at + kTogether <= count; at += kTogether) score_some<kTogether>(rows, row, panels, [&](size_t p) MERGANSER_INLINE_LAMBDA { return panel_at(at + p); }, take);
  for (; at < count; ++at) score_some<1>(rows, row, panels, [&](size_t) MERGANSER_INLINE_LAMBDA { return panel_at(at); }, take);
}

// A row's cosines with all centres, at most.
class Cosines {
 public:
  MERGANSER_INLINE Cosines(const ByteRows& rows, size_t row, const GroupsView& groups) : groups_(groups) {
    Floats16 greatest = Floats16::broadcast(kLowestFloor);
    const auto keep = [&](size_t panel, const Floats16& scores) MERGANSER_INLINE_LAMBDA {
      const Floats16 some = highest_scores(rows, groups.margins, row, panel, scores);
      some.store(highest_ + panel * kPanel);
      greatest.take_greater(some);
    };
    score_all(rows, row, groups.centres, groups.centres.count, [](size_t panel) MERGANSER_INLINE_LAMBDA { return panel; }, keep);
    greatest_ = greatest.greatest();
  }
  // The group with the greatest one.
  MERGANSER_INLINE size_t own() const {
    for (size_t panel = 0; panel < groups_.centres.count; ++panel) {
      if (const unsigned bits = not_less(Floats16::load(highest_ + panel * kPanel), greatest_)) return panel * kPanel + static_cast<size_t>(std::countr_zero(bits));
    }
    return 0;
  }
  // Lists the panels in reach of a row with that floor, in order, but for some. Returns their number, or one more than the most that there may be.
  MERGANSER_INLINE size_t reach(float floor, size_t but_from, size_t but_to, size_t most, uint32_t* list) const {
    const float cosine = floor - kSlack, square = 1 - cosine * cosine;
    const float sine = static_cast<float>(::sqrt(static_cast<double>((square > 0 ? square : 0) + kSquareSlack)));
    size_t count = 0;
    for (size_t panel = 0; panel < groups_.centres.count; ++panel) {
      // Less the cosine of both angles together.
      Floats16 above = Floats16::broadcast(kSlack);
      above.add(Floats16::load(highest_ + panel * kPanel));
      above.add_product(Floats16::factor(-cosine), Floats16::load(groups_.cosines + panel * kPanel));
      above.add_product(Floats16::factor(sine), Floats16::load(groups_.sines + panel * kPanel));
      for (unsigned left = not_less(above, 0); left; left &= left - 1) {
        const size_t group = panel * kPanel + static_cast<size_t>(std::countr_zero(left));
        size_t piece = groups_.first_pieces[group];
        for (size_t at = groups_.first_panels[group]; at < groups_.end_panels[group]; ++at, ++piece) {
          if (highest_[group] + kSlack < cosine * groups_.piece_cosines[piece] - sine * groups_.piece_sines[piece]) continue;
          // The last panel of a group may be the first of the next one, too.
          if ((at >= but_from && at < but_to) || (count > 0 && list[count - 1] == at)) continue;
          if (count == most) return most + 1;
          list[count++] = static_cast<uint32_t>(at);
        }
      }
    }
    return count;
  }

 private:
  const GroupsView& groups_;
  alignas(64) float highest_[kMostGroups];
  float greatest_;
};

}  // namespace

bool passes_over_groups() {
#if defined(__AVX512F__)
  return false;
#else
  return true;
#endif
}

void scores_by_bytes(const ByteRows& rows, size_t row, const BytePanels& panels, float* scores) {
  score_all(rows, row, panels, panels.count, [](size_t panel) MERGANSER_INLINE_LAMBDA { return panel; }, [&](size_t panel, const Floats16& some) MERGANSER_INLINE_LAMBDA { some.store(scores + panel * kPanel); });
}

size_t group_candidates(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, const GroupsView& groups, size_t most_panels, Candidates* candidates, float* floors,
                        uint32_t* list) {
  size_t listed = 0;
  uint32_t in_reach[kMostInReach];
  for (size_t row = 0; row < rows.count; ++row) {
    candidates[row].count = 0;
    const auto look = [&](size_t panel, const Floats16& scores) MERGANSER_INLINE_LAMBDA { look_at(rows, margins, row, panel, scores, candidates, floors); };
    const Cosines cosines(rows, row, groups);
    const size_t own = cosines.own(), from = groups.first_panels[own], to = groups.end_panels[own];
    score_all(rows, row, panels, to - from, [&](size_t at) MERGANSER_INLINE_LAMBDA { return from + at; }, look);
    const size_t count = floors[row] >= kLeastFloor ? cosines.reach(floors[row], from, to, most_panels, in_reach) : most_panels + 1;
    if (count > most_panels) {
      candidates[row].count = 0;
      list[listed++] = static_cast<uint32_t>(row);
      continue;
    }
    score_all(rows, row, panels, count, [&](size_t at) MERGANSER_INLINE_LAMBDA { return in_reach[at]; }, look);
    if (candidates[row].count <= Candidates::kMost) leave_out_lower(candidates[row], floors[row]);
  }
  return listed;
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
