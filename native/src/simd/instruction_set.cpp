#include "merganser/simd/instruction_set.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#if defined(_MSC_VER)
#include <intrin.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace merganser {
namespace {

#if defined(__x86_64__) || defined(_M_X64)

struct Registers {
  std::uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
#if defined(_MSC_VER)
  int values[4];
  __cpuidex(values, static_cast<int>(leaf), static_cast<int>(subleaf));
  return {static_cast<std::uint32_t>(values[0]), static_cast<std::uint32_t>(values[1]), static_cast<std::uint32_t>(values[2]),
          static_cast<std::uint32_t>(values[3])};
#else
  Registers registers{};
  __cpuid_count(leaf, subleaf, registers.eax, registers.ebx, registers.ecx, registers.edx);
  return registers;
#endif
}

/// Which register states the operating system saves (XCR0).
std::uint64_t saved_states() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  std::uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
#endif
}

constexpr bool has(std::uint32_t word, std::initializer_list<int> bits) {
  for (const int bit : bits) {
    if ((word >> bit & 1u) == 0) return false;
  }
  return true;
}

/// The features are those of instruction-sets.json, their bits those of the manuals' CPUID tables.
InstructionSet best_supported() {
  if (cpuid(0).eax < 7) return InstructionSet::scalar;
  const Registers basic = cpuid(1), extended = cpuid(7), amd = cpuid(0x80000001);
  // SSE4.2, FMA, PCLMULQDQ, POPCNT, OSXSAVE, AVX; BMI1, AVX2, BMI2; LZCNT.
  const bool avx2 = has(basic.ecx, {1, 12, 20, 23, 27, 28}) && has(extended.ebx, {3, 5, 8}) && has(amd.ecx, {5});
  if (!avx2 || (saved_states() & 0x6) != 0x6) return InstructionSet::scalar;
  // AVX-512 F, DQ, CD, BW, VL (every processor with AVX-512 since Skylake); the operating system saves mask and ZMM registers.
  const bool avx512 = has(extended.ebx, {16, 17, 28, 30, 31});
  return avx512 && (saved_states() & 0xe6) == 0xe6 ? InstructionSet::avx512 : InstructionSet::avx2;
}

constexpr std::array supported_order{InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512};

#elif defined(__aarch64__) || defined(_M_ARM64)

InstructionSet best_supported() { return InstructionSet::neon; }  // part of every AArch64 processor

constexpr std::array supported_order{InstructionSet::scalar, InstructionSet::neon};

#else

InstructionSet best_supported() { return InstructionSet::scalar; }

constexpr std::array supported_order{InstructionSet::scalar};

#endif

// The instruction set that the user asks for; null if none, as when the variable is empty.
const char* wanted_name() {
  const char* const wanted = std::getenv("MERGANSER_ISA");
  return wanted != nullptr && *wanted != '\0' ? wanted : nullptr;
}

InstructionSet choose() {
  const InstructionSet best = best_supported();
  const char* const wanted = wanted_name();
  if (wanted == nullptr) return best;
  for (const InstructionSet set : supported_order) {
    if (name_of(set) == wanted) return set;
    if (set == best) break;
  }
  return best;
}

// Kernels of matrix tiles are compiled by GCC only (matrix_tiles.hpp).
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)

bool grants_matrix_tiles() {
  if (active_instruction_set() != InstructionSet::avx512 || wanted_name() != nullptr) return false;
  // AMX-BF16, AMX-TILE, AMX-INT8; AVX512-VNNI; AVX512-BF16; the operating system saves the tiles' configuration and their data.
  const Registers extended = cpuid(7), further = cpuid(7, 1);
  if (!has(extended.edx, {22, 24, 25}) || !has(extended.ecx, {11}) || !has(further.eax, {5}) || (saved_states() & 0x60000) != 0x60000) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM of asm/prctl.h, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

#else

bool grants_matrix_tiles() { return false; }

#endif

}  // namespace

bool has_matrix_tiles() {
  static const bool granted = grants_matrix_tiles();
  return granted;
}

InstructionSet active_instruction_set() {
  static const InstructionSet active = choose();
  return active;
}

std::string_view name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::neon:
      return "neon";
    case InstructionSet::scalar:
      break;
  }
  return "scalar";
}

}  // namespace merganser
