// Choice of instruction set at run time.
//
// A kernel is one source, native/src/**/*.isa.cpp, which the build compiles once per instruction set with MERGANSER_ISA_NS naming the namespace
// and MERGANSER_ISA_SCALAR, _AVX2, _AVX512 or _NEON defined. It looks like this:
//
//     // count_spaces.hpp
//     #define MERGANSER_DECLARE(isa) namespace isa { std::size_t count_spaces(const char* text, std::size_t size); }
//     MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
//     #undef MERGANSER_DECLARE
//
//     // count_spaces.isa.cpp
//     namespace merganser::MERGANSER_ISA_NS { std::size_t count_spaces(const char* text, std::size_t size) { ... } }
//
//     // a caller, compiled for the baseline
//     static const auto count = MERGANSER_SELECT(count_spaces);
//
// Kernels must not instantiate inline functions of other headers out of line (std::sort, std::vector ...): the linker keeps one copy of such a
// function for the whole addon, and it may be the one that needs AVX-512. scripts/check-kernel-objects.cjs looks for them.
#pragma once

#include <string_view>

#if defined(__x86_64__) || defined(_M_X64)
#define MERGANSER_FOR_EACH_INSTRUCTION_SET(apply) apply(scalar) apply(avx2) apply(avx512)
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MERGANSER_FOR_EACH_INSTRUCTION_SET(apply) apply(scalar) apply(neon)
#else
#define MERGANSER_FOR_EACH_INSTRUCTION_SET(apply) apply(scalar)
#endif

namespace merganser {

enum class InstructionSet { scalar, avx2, avx512, neon };

/// The best set that this processor and operating system support, or the one that the environment variable MERGANSER_ISA names if it is
/// supported (an unknown or unsupported name is ignored). Decided once, at the first call.
InstructionSet active_instruction_set();

/// Whether kernels for AVX-512 may use matrix tiles (AMX with bfloat16 and bytes; VNNI and AVX512-BF16 are there too). Linux gives a process their
/// registers when it asks, at the first call: so call this where they pay only. False if MERGANSER_ISA is set to anything: `avx512` is without them.
bool has_matrix_tiles();

std::string_view name_of(InstructionSet set);

}  // namespace merganser

/// Pointer to the variant of `function` for the active instruction set. Use inside the namespace that declares it; from others of merganser by MERGANSER_SELECT_FROM(clustering::, function).
#define MERGANSER_SELECT(function) MERGANSER_SELECT_FROM(, function)
#if defined(__x86_64__) || defined(_M_X64)
#define MERGANSER_SELECT_FROM(space, function) \
  (::merganser::active_instruction_set() == ::merganser::InstructionSet::avx512 ? &space avx512::function \
   : ::merganser::active_instruction_set() == ::merganser::InstructionSet::avx2 ? &space avx2::function \
                                                                                : &space scalar::function)
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MERGANSER_SELECT_FROM(space, function) \
  (::merganser::active_instruction_set() == ::merganser::InstructionSet::neon ? &space neon::function : &space scalar::function)
#else
#define MERGANSER_SELECT_FROM(space, function) (&space scalar::function)
#endif
