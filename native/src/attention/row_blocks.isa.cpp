#include "merganser/attention/row_blocks.hpp"

#include "merganser/attention/byte_panels.hpp"
#include "merganser/attention/product_tile.hpp"
#include "merganser/attention/typed_rows.hpp"
#include "merganser/simd/floats16_exp2.hpp"
#include "merganser/simd/transpose16.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

constexpr float kLog2E = 1.44269504f;

template <typename Type>
void pack_keys_of(const RowSet& set, const Block& block, const float* scales, float* to) {
  for (size_t panel = 0; panel < block.panels; ++panel) {
    const uint32_t* const rows = block.rows + 16 * panel;
    for (size_t dim = 0; dim < set.dims; dim += 16) {
      const size_t some = set.dims - dim < 16 ? set.dims - dim : 16;
      Floats16 numbers[16];
      for (size_t i = 0; i < 16; ++i) {
        const uint8_t* const from = set.data + set.stride * rows[i] + dim * Type::kBytes;
        numbers[i] = some == 16 ? Type::load(from) : load_some<Type>(from, some);
        if (scales) numbers[i] = product_of(numbers[i], Floats16::broadcast(scales[rows[i]]));
      }
      store_turned(numbers, some, to + panel_start(panel, set.dims) + dim * kPanelStep, kPanelStep);
    }
  }
}

template <typename Type>
void pack_values_of(const RowSet& set, const Block& block, const float* scales, float* to) {
  for (size_t i = 0; i < 16 * block.panels; ++i) {
    const uint8_t* const row = set.data + set.stride * block.rows[i];
    for (size_t dim = 0; dim < set.dims; dim += 16) {
      const uint8_t* const from = row + dim * Type::kBytes;
      Floats16 numbers = dim + 16 <= set.dims ? Type::load(from) : load_some<Type>(from, set.dims - dim);
      if (scales) numbers = product_of(numbers, Floats16::broadcast(scales[block.rows[i]]));
      numbers.store(to + panel_start(dim / 16, kBlockRows) + i * kPanelStep);
    }
  }
}

}  // namespace

void find_block(const RowsToAttend& rows, size_t from, Block& block) {
  block.first = from;
  block.count = rows.count - from < kBlockRows ? rows.count - from : kBlockRows;
  block.panels = whole_tiles(block.count);
  for (size_t i = 0; i < kBlockRows; ++i) {
    const size_t at = rows.first + from + (i < block.count ? i : block.count - 1);
    block.rows[i] = rows.list ? rows.list[at] : static_cast<uint32_t>(at);
  }
}

void pack_keys(const RowSet& set, const Block& block, const float* scales, float* to) {
  switch (set.type) {
    case RowType::float32: return pack_keys_of<OfFloat32>(set, block, scales, to);
    case RowType::float16: return pack_keys_of<OfFloat16>(set, block, scales, to);
    case RowType::bfloat16: return pack_keys_of<OfBfloat16>(set, block, scales, to);
    case RowType::int8: return pack_keys_of<OfInt8>(set, block, scales, to);
  }
}

void pack_bytes(const RowSet& set, const Block& block, int8_t* to) {
  for (size_t i = 0; i < 16 * block.panels; ++i) pack_byte_row(set.data + set.stride * block.rows[i], set.dims, i % 16, to + i / 16 * pairs_of(set.dims) * kPairBytes);
}

void pack_values(const RowSet& set, const Block& block, const float* scales, float* to) {
  switch (set.type) {
    case RowType::float32: return pack_values_of<OfFloat32>(set, block, scales, to);
    case RowType::float16: return pack_values_of<OfFloat16>(set, block, scales, to);
    case RowType::bfloat16: return pack_values_of<OfBfloat16>(set, block, scales, to);
    case RowType::int8: return pack_values_of<OfInt8>(set, block, scales, to);
  }
}

void find_starts(const RowsToAttend& rows, const Block& block, float* starts) {
  for (size_t i = 0; i < kBlockRows; ++i) {
    float start = i < block.count ? 0.f : kUnseen;
    if (i < block.count && rows.bias) start += rows.bias[block.rows[i] * rows.bias_stride] * kLog2E;
    if (i < block.count && rows.log_counts) start += rows.log_counts[rows.first + block.first + i];
    starts[i] = start < kUnseen ? kUnseen : start;
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
