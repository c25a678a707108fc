// Which tokens may be the nearest, where most groups of tokens are out of reach, on every instruction set.
#pragma once
#include "merganser/reduction/byte_candidates.hpp"

namespace merganser::reduction {

constexpr size_t kMostGroups = 256, kMostInReach = 1024;

// Tokens in the order of their groups. The tokens of a group are within an angle of its centre, and so a row is as similar to one of them as its own angle to the centre allows, less that.
struct GroupsView {
  clustering::BytePanels centres;
  ByteMargins margins;
  // By centre. What only fills a panel is out of reach.
  const float* cosines;  // of the angle
  const float* sines;
  const uint32_t* first_panels;
  const uint32_t* end_panels;
  // The angles of what each panel of a group has of its tokens, which stand in the order of their angles: of panel `at` that is piece first_pieces[group] + at - first_panels[group].
  const uint32_t* first_pieces;
  const float* piece_cosines;
  const float* piece_sines;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Whether products take so long here that it pays to find groups first. */ \
  bool passes_over_groups(); \
  /* The scores of a row and all panels, but for what rounding to bytes changes. */ \
  void scores_by_bytes(const clustering::ByteRows& rows, size_t row, const clustering::BytePanels& panels, float* scores); \
  /* As byte_candidates, for cosines, with the panels in the order of groups. Rows that have more than `most_panels` in reach are put in the list, and have a floor but no candidates. Returns their number. most_panels ≤ kMostInReach. */ \
  size_t group_candidates(const clustering::ByteRows& rows, const clustering::BytePanels& panels, const ByteMargins& margins, const GroupsView& groups, size_t most_panels, \
                          Candidates* candidates, float* floors, uint32_t* list); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
