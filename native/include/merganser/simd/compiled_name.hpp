#pragma once

#include "merganser/simd/instruction_set.hpp"

namespace merganser {

// The name of the instruction set that a variant was compiled for: shows that dispatch reaches the variant it means to.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  const char* compiled_name(); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser
