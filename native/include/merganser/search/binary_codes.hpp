// Binary codes: one bit per dimension, which tell what a score will be about without reading the vector (RaBitQ, Gao & Long, SIGMOD 2024).
//
// The sum ⟨s, R q⟩ of a slot's signs and the rotated query is looked up four dimensions at a time: the query makes a table of 16 whole numbers for each group of four,
// which fits a byte shuffle, and a page's nibbles stand so that one shuffle looks up 16 or more slots. Everything else of an estimate was prepared when the vector was stored;
// estimates are single precision, rounded step by step, so that they have the same bits everywhere.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::search {

constexpr size_t kPageSlots = 32;

// Groups of four dimensions, an even number.
inline size_t code_groups(size_t dims) { return (dims + 7) / 8 * 2; }

struct BinaryCodes {
  uint8_t* bits;         // per page, per group: 16 bytes
  float* factors;        // per page: 32 offsets, 32 factors
  const float* centre;
  const float* signs;    // rounds × dims
  size_t rounds;
};

// The tables of a query.
struct CodeQuery {
  const uint8_t* table;  // groups × 16
  float step;
  float lowest;
};

// Pages whose codes are scanned. Of those that follow, `known` in all, the memory is told beforehand.
struct PageRun {
  const uint32_t* pages;
  size_t count;
  size_t known;
};
constexpr size_t kPagesAhead = 6;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  void rotate(float* row, size_t dims, const float* signs, size_t rounds); \
  /* Per page a bit for each slot whose estimate base + offset + factor × (⟨s, R q⟩ + margin) is not below the threshold; if there is one, the page's estimates */ \
  /* in estimates[32 × i + lane]. */ \
  void scan_codes(const BinaryCodes& codes, size_t groups, const CodeQuery& query, float base, float margin, float threshold, const PageRun& run, \
                  uint32_t* masks, float* estimates); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::search
