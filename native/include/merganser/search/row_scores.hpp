// Scores of rows of any element type and queries: ⟨x, q⟩ or −‖x − q‖².
//
// A score is sixteen partial sums, one fused multiply-add each in the order of the dimensions, added up in an order that is the same everywhere: it has the same
// bits whether a row is scored alone or a page of rows with many queries, on every instruction set. Rows stay as they lie: with four rows and some queries at a time
// the sums stand in registers, and every load serves several of them. int8 rows are multiplied with the query's whole numbers, exactly.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::search {

enum class RowType : uint8_t { float32, float16, bfloat16, int8 };
enum class ScoreKind : uint8_t { dot, l2 };

// One row per slot.
struct SlotRows {
  void* data;
  RowType type;
  float* scales;  // int8: per slot the scale, and the squared length
};

// Queries padded with zeros to the stride, a multiple of 32.
struct QueryRows {
  const float* values;
  const int16_t* codes;  // for int8 rows: whole numbers
  const float* scales;   // what they are multiplied with
  const float* squares;  // ‖q‖²
  size_t stride;
};

constexpr size_t kQueryPadding = 32;
// So many queries are scored together.
constexpr size_t kQueryTile = 4;

inline size_t row_bytes(RowType type, size_t dims) {
  return dims * (type == RowType::float32 ? 4 : type == RowType::int8 ? 1 : 2);
}

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* out[i]: score of the row in slots[i] and query `query`. */ \
  void score_slots(const SlotRows& rows, ScoreKind kind, size_t dims, const QueryRows& queries, size_t query, const uint32_t* slots, size_t count, float* out); \
  /* out[q × out_stride + i]: score of the row in slot first + i and query list[q], for up to kQueryTile queries. */ \
  void score_range(const SlotRows& rows, ScoreKind kind, size_t dims, const QueryRows& queries, const uint32_t* list, size_t list_size, size_t first, \
                   size_t count, float* out, size_t out_stride); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::search
