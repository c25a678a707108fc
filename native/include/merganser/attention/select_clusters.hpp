// Which clusters are chosen, by their scores: lib/backend/attention-kernels.ts has the rules.
#pragma once
#include "merganser/attention/attention.hpp"

namespace merganser::attention {

// offsets: of the stream's clusters. Fills `chosen` in ascending order and gives their number.
size_t select_clusters(const float* scores, const uint32_t* offsets, size_t count, SelectionKind kind, double limit, uint32_t* chosen);

}  // namespace merganser::attention
