// Products of tokens in 16 bits a number: twice as fast as in single precision where whole numbers of 16 bits are multiplied and added up by one instruction, half as much again where by two (AVX2). Other variants than those for AVX-512 and AVX2 do nothing.
//
// A number is about scale × q, and what that leaves out is known: scale × r / 254. Sums of products stay below 2³¹ over kWordBlock dimensions, as no vector is longer than 46,300 there (⟨x, y⟩ ≤ ‖x‖ ‖y‖), and
// become float32 after these: the shorter the stretch, the finer the numbers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

constexpr size_t kWordBlock = 64, kWordStep = 16;

// `stride` numbers apart, a multiple of kWordStep, zeros behind the dimensions. Behind the rows there is room for kWordRowsBehind more, of anything.
struct WordRows {
  const int16_t* codes;
  size_t stride;
  const float* scales;
  size_t count;
};
constexpr size_t kWordRowsBehind = 12;

// Panels of 16 vectors: panel[two dimensions][16][2].
struct WordPanels {
  const int16_t* codes;
  size_t stride;
  const float* scales;  // per slot
  size_t count;
};

// Sums over tokens, by dimension: of the tokens times their scale, and of what is left out of them.
struct WordTotals {
  float* all;
  float* rests;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Whether that is faster here than products in single precision. */ \
  bool multiplies_words(); \
  /* Rounds a row, adds it times `scale` to the totals, and returns what its codes are to be multiplied by. Codes and rests are padded to whole kWordSteps. */ \
  float to_words(const float* row, size_t dims, float scale, int16_t* codes, int8_t* rests, const WordTotals& totals); \
  /* Σ over all tokens of ⟨row, token⟩ − ⟨row, token⟩ by codes, divided by the row's scale. */ \
  float left_out(const int16_t* codes, const int8_t* rests, size_t stride, const WordTotals& totals); \
  /* 16 rows, `stride` numbers apart, as a panel; up to 32 bytes behind the last one are read. */ \
  void pack_word_panel(const int16_t* rows, size_t stride, int16_t* panel); \
  /* out[row × stride + column] = ⟨row, column⟩ for the rows and all columns of the panels. */ \
  void word_scores(const WordRows& rows, const WordPanels& panels, float* out, size_t stride); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
