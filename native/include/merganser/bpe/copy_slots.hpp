// The bytes of short tokens, copied one behind the other.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::bpe {

// A token's bytes and their number; kLookCloser instead of the number for ids that are more than that.
struct alignas(16) TokenSlot {
  static constexpr size_t kBytes = 15;
  static constexpr uint8_t kLookCloser = 0x80;

  uint8_t bytes[kBytes];
  uint8_t length;
};

// Ids that are looked at together, that a call takes, and that must stand behind those of a call.
constexpr size_t kSlotsTogether = 8, kSlotsACall = 512, kSlotsAhead = 64;
// Bytes that a call may write to, whatever the ids.
constexpr size_t kSlotsRoom = kSlotsTogether * TokenSlot::kLookCloser + kSlotsACall * sizeof(TokenSlot);

struct SlotTable {
  const TokenSlot* slots;
  uint32_t count;                 // fewer than 2^31
  uint32_t partial_from, partials;  // ids that are told of: their first, and how many
};

struct CopiedSlots {
  size_t ids;
  uint8_t* end;
  bool partial;  // there are such ids among those of the call
  bool ascii;    // of what was copied
};

// Copies the slots of `count` ids, a multiple of kSlotsTogether and at most kSlotsACall, as far as they are ids of the table: stops before those eight ids
// among which one says kLookCloser, and before all of them if one is no slot.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  CopiedSlots copy_slots(const uint32_t* ids, size_t count, const SlotTable& table, uint8_t* out); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
