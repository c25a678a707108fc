// What happens to pieces that are not in the cache: they are merged, many at a time, and kept.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "merganser/bpe/late_splits.hpp"
#include "merganser/bpe/model.hpp"
#include "merganser/bpe/piece_cache.hpp"
#include "merganser/bpe/piece_memory.hpp"
#include "merganser/bpe/whole_pieces.hpp"

namespace merganser::bpe {

class MissPath {
 public:
  // `memory_bytes`: what the memories of long pieces may take. `late`: what splits pieces before they are merged, or null.
  MissPath(const Model& model, size_t memory_bytes, LateSplits* late)
      : model_(model), memory_bytes_(memory_bytes), long_pieces_(memory_bytes), late_(late) {}

  // values[m] for the pieces text[begins[m], ends[m]) of all m in misses[0, missed); 32 bytes are readable from the start of each.
  // False if the cache's store is full: it wants to forget, once these values have been used. `stop`: of a piece, by its own ids.
  bool resolve(PieceCache& cache, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, const uint16_t* misses, uint32_t missed, uint64_t* values, const StopRule& stop);

 private:
  static constexpr uint32_t kGroup = 64;  // pieces whose look-ups are under way together
  struct Miss {
    const uint8_t* piece;
    uint64_t* value;
    uint32_t size;
    uint64_t hash;
    PieceKey key;        // of pieces up to kLongestKey
    uint32_t token;  // the token that is spelt as the piece, if there is one
  };

  void gather(PieceCache& cache, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, const uint16_t* misses, uint32_t missed, uint64_t* values);
  void merge(PieceCache& cache);
  bool split(PieceCache& cache, const Miss& miss);
  bool find_crowded_out(PieceCache& cache, const Miss& miss);
  bool find_long(PieceCache& cache, const Miss& miss);
  bool find_kept(PieceCache& cache, const Miss& miss, uint64_t hash);
  void remember(const Miss& miss, uint64_t hash, std::span<const uint32_t> ids);
  void merge_alone(const Miss& miss);
  uint64_t keep(PieceCache& cache, const Miss& miss, const uint32_t* ids, uint32_t count);
  uint64_t keep_long(PieceCache& cache, const Miss& miss, const uint32_t* ids, uint32_t count);
  // Pieces that merge in turns.
  template <typename AnyTurn>
  struct Turns {
    uint32_t count = 0;
    AnyTurn turn[kGroup];
    uint32_t miss[kGroup];
  };
  bool take_turn(uint32_t number);
  template <typename AnyTurn>
  void merge_turns(PieceCache& cache, Turns<AnyTurn>& turns);

  const Model& model_;
  // What `whole_pieces_` may take: `long_pieces_` comes first.
  size_t bytes_for_whole() const { return memory_bytes_ - std::min(memory_bytes_, long_pieces_.bytes()); }
  size_t memory_bytes_;
  PieceMemory long_pieces_;
  WholePieces whole_pieces_;
  LateSplits* late_;
  MergeScratch scratch_;
  std::vector<uint32_t> ids_;
  bool full_ = false;
  StopRule stop_;
  uint32_t missed_ = 0;
  Miss misses_[kGroup];
  Turns<Turn> turns_;
  Turns<LongTurn> long_turns_;
};

}  // namespace merganser::bpe
