// Routing and the moving average of dynamic chunking. Mirrors routeRows and averageRows of lib/backend/dynamic-kernels.ts, where everything is documented.
#pragma once
#include <cstddef>
#include <cstdint>

namespace merganser::dynamic {

// `offsets`: sequences + 1.
void route_rows(const float* queries, const float* keys, size_t width, const uint32_t* offsets, size_t sequences, float* probabilities);
void average_rows(const float* rows, const float* probabilities, size_t width, const uint32_t* offsets, size_t sequences, float* out);

}  // namespace merganser::dynamic
