#include "merganser/clustering/byte_panels.hpp"

#include <cstring>

namespace merganser::clustering {

int32_t put_into_panel(const int8_t* row, size_t groups, size_t slot, int8_t* panels) {
  constexpr size_t kStep = 2 * kPanel * kByteGroup;
  const size_t panel = slot / kPanel, lane = slot % kPanel;
  int8_t* const packed = panels + panel / 2 * groups * kStep + panel % 2 * (kStep / 2) + lane * kByteGroup;
  for (size_t group = 0; group < groups; ++group) std::memcpy(packed + group * kStep, row + group * kByteGroup, kByteGroup);
  int32_t sum = 0;
  for (size_t i = 0; i < groups * kByteGroup; ++i) sum += row[i];
  return -128 * sum;
}

}  // namespace merganser::clustering
