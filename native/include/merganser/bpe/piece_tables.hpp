// Piece -> ids, the tables that the hot loop reads.
//
// Nine of ten pieces of real text have at most 8 bytes and nearly all at most 15, so a key is one or two 64-bit words, taken straight from
// the text. A bucket is one 64-byte cache line: four keys of 1 to 8 bytes, two of 9 to 15, or one of 16 to 31. A piece is in the bucket that its
// hash names, or, if that was full, in its neighbour. The hot loop looks into the first only, a line that was asked for some pieces earlier; the miss
// path looks into both before it merges. Keys are zero-padded; the length in the value tells "a" from "a\0".
//
// A value is a 64-bit word: up to 54 bits of ids (three of 18 bits, or two of 27 in vocabularies far beyond 2^18), how many ids at bit 54,
// and the length at bit 60 (of pieces longer than that can hold 15: their keys have it). Ids that do not fit stand in a store beside the tables; the value then holds
// their place and how many they are.
#pragma once
#include <cstdint>

#include "merganser/simd/inline.hpp"
#include "merganser/simd/instruction_set.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::bpe {

constexpr uint32_t kLongestKey = 31;  // longer pieces are not kept
constexpr uint32_t kLongestShort = 15;  // the length in a value
constexpr uint32_t kCountShift = 54, kLengthShift = 60;
constexpr uint64_t kStored = 7;                             // count: the ids are in the store, their place in the low 32 bits …
constexpr uint32_t kStoredCountShift = 32;                  // … and their number here …
constexpr uint64_t kMostStored = (uint64_t{1} << 22) - 1;   // … up to this, which means that the store knows
constexpr uint64_t kTemporary = uint64_t{1} << 57;          // … in the store that lasts for this batch only

struct PieceKey {
  uint64_t word[4];
  uint32_t hash;
};

MERGANSER_INLINE uint64_t load64(const uint8_t* bytes) {
  uint64_t word;
  __builtin_memcpy(&word, bytes, 8);
  return word;
}
MERGANSER_INLINE uint64_t low_bytes(uint64_t word, uint32_t count) {
#if defined(__BMI2__)
  return _bzhi_u64(word, 8 * count);
#else
  return count >= 8 ? word : word & ((uint64_t{1} << 8 * count) - 1);
#endif
}

constexpr uint64_t kHash8 = 0x9E3779B97F4A7C15ull;
MERGANSER_INLINE uint32_t hash8(uint64_t key) { return static_cast<uint32_t>(key * kHash8 >> 32); }
MERGANSER_INLINE uint32_t hash16(uint64_t low, uint64_t high) {
  return static_cast<uint32_t>((low ^ (high << 29 | high >> 35) * 0xC2B2AE3D27D4EB4Full) * 0x9E3779B97F4A7C15ull >> 32);
}
MERGANSER_INLINE uint32_t hash32(const uint64_t* word) {
  const uint64_t a = (word[0] ^ (word[1] << 29 | word[1] >> 35) * 0xC2B2AE3D27D4EB4Full) * 0x9E3779B97F4A7C15ull;
  const uint64_t b = (word[2] ^ (word[3] << 31 | word[3] >> 33) * 0xFF51AFD7ED558CCDull) * 0xC4CEB9FE1A85EC53ull;
  return static_cast<uint32_t>((a ^ (b << 32 | b >> 32)) * 0x9E3779B97F4A7C15ull >> 32);
}

// What all kinds of buckets offer: `kWays` entries; an entry whose value is 0 is free. `kSparse`: so many times more places than entries there are where
// a table grows as soon as two neighbouring buckets are full: the fewer ways, the earlier that comes.
struct alignas(64) Bucket8 {
  static constexpr uint32_t kWays = 4, kSparse = 2;
  uint64_t key[4];
  uint64_t value[4];

  bool holds(uint32_t way, const PieceKey& piece, uint32_t size) const { return key[way] == piece.word[0] && value[way] >> kLengthShift == size; }
  void set(uint32_t way, const PieceKey& piece) { key[way] = piece.word[0]; }
  PieceKey at(uint32_t way) const { return {{key[way], 0, 0, 0}, hash8(key[way])}; }
};
struct alignas(64) Bucket16 {
  static constexpr uint32_t kWays = 2, kSparse = 4;
  uint64_t low[2];
  uint64_t high[2];
  uint64_t value[2];
  uint64_t unused[2];

  bool holds(uint32_t way, const PieceKey& piece, uint32_t size) const {
    return low[way] == piece.word[0] && high[way] == piece.word[1] && value[way] >> kLengthShift == size;
  }
  void set(uint32_t way, const PieceKey& piece) {
    low[way] = piece.word[0];
    high[way] = piece.word[1];
  }
  PieceKey at(uint32_t way) const { return {{low[way], high[way], 0, 0}, hash16(low[way], high[way])}; }
};
struct alignas(64) Bucket32 {
  static constexpr uint32_t kWays = 1, kSparse = 8;
  uint64_t key[4];  // the length in the last byte
  uint64_t value[1];
  uint64_t unused[3];

  bool holds(uint32_t, const PieceKey& piece, uint32_t) const { return __builtin_memcmp(key, piece.word, sizeof key) == 0; }
  void set(uint32_t, const PieceKey& piece) { __builtin_memcpy(key, piece.word, sizeof key); }
  PieceKey at(uint32_t) const { return {{key[0], key[1], key[2], key[3]}, hash32(key)}; }
};

struct TablesView {
  const Bucket8* table8;
  const Bucket16* table16;
  const Bucket32* table32;
  uint32_t shift8, shift16, shift32;  // 32 − log2 of the number of buckets
};

// Key of a piece of 1 to 31 bytes; reads 32 bytes.
MERGANSER_INLINE PieceKey piece_key(const uint8_t* piece, uint32_t size) {
  PieceKey key{{0, 0, 0, 0}, 0};
  if (size <= 8) {
    key.word[0] = low_bytes(load64(piece), size);
    key.hash = hash8(key.word[0]);
  } else if (size <= 15) {
    key.word[0] = load64(piece);
    key.word[1] = low_bytes(load64(piece + 8), size - 8);
    key.hash = hash16(key.word[0], key.word[1]);
  } else {
    key.word[0] = load64(piece);
    key.word[1] = load64(piece + 8);
    key.word[2] = low_bytes(load64(piece + 16), size - 16);
    key.word[3] = (size > 24 ? low_bytes(load64(piece + 24), size - 24) : 0) | static_cast<uint64_t>(size) << 56;
    key.hash = hash32(key.word);
  }
  return key;
}

// How many pieces can be looked up at once.
constexpr uint32_t kMostPieces = 1088;

// Looks up pieces text[begins[i], ends[i]) for i < count <= kMostPieces. values[i] is the value found; the numbers of pieces that were not
// found are written to `misses`, which has room for kMostPieces + 16, in any order, and how many these are is returned. Reads up to 32 bytes from the
// start of each piece.
// `list_longer`: where the pieces of more than one byte begin and end, of pieces that lie back to back between the bounds; up to 16 places more may be written. Returns how
// many they are.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  uint32_t look_up_pieces(const TablesView& tables, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, uint32_t count, uint64_t* values, uint16_t* misses); \
  uint32_t list_longer(const uint32_t* bounds, uint32_t count, uint32_t* begins, uint32_t* ends); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
