#include "merganser/reduction/byte_scores.hpp"

#include "merganser/clustering/byte_tile.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {

using namespace clustering::MERGANSER_ISA_NS;
using clustering::BytePanels;
using clustering::ByteRows;
using clustering::kPanel;

bool bytes_before_words() {
#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
  return true;
#else
  return false;
#endif
}

void byte_scores(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t count, float* out, size_t stride) {
  for (size_t p = 0; p < count; ++p) {
    for (size_t first = 0; first < rows.count; first += kTileHeight) {
      Tile<1> tile;
      score_bytes(ByteTileRows(rows, first), panels, panel + p, tile);
#pragma GCC unroll 12
      for (size_t row = 0; row < kTileHeight; ++row) {
        if (first + row < rows.count) tile.scores[0][row].store(out + (first + row) * stride + p * kPanel);
      }
    }
  }
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
