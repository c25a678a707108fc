// In passes, each of which asks for the memory that the next one reads: the cache's second place, the vocabulary, the merges.
#include "merganser/bpe/miss_path.hpp"

#include <algorithm>

namespace merganser::bpe {

bool MissPath::resolve(PieceCache& cache, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, const uint16_t* misses, uint32_t missed, uint64_t* values,
                       const StopRule& stop) {
  full_ = false;
  stop_ = scratch_.stop = stop;
  for (uint32_t done = 0; done < missed; done += kGroup) {
    gather(cache, text, begins, ends, misses + done, std::min(missed - done, kGroup), values);
    merge(cache);
  }
  return !full_;
}

// Finds what is in the cache's second place. Of the rest, the keys and hashes, with what the vocabulary knows of them on its way.
void MissPath::gather(PieceCache& cache, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, const uint16_t* misses, uint32_t missed, uint64_t* values) {
  const bool knows_tokens = model_.knows_tokens();
  for (uint32_t i = 0; i < missed; ++i) {
    Miss& miss = misses_[i];
    const uint32_t at = misses[i];
    miss.piece = text + begins[at];
    miss.size = ends[at] - begins[at];
    miss.value = values + at;
    if (knows_tokens) miss.hash = model_.index().prefetch(miss.piece, miss.size);
    if (miss.size > kLongestKey) continue;
    miss.key = piece_key(miss.piece, miss.size);
    cache.prefetch_second(miss.key, miss.size);
  }
  missed_ = 0;
  for (uint32_t i = 0; i < missed; ++i) {
    Miss& miss = misses_[i];
    if (miss.size <= kLongestKey && ((*miss.value = cache.find(miss.key, miss.size)) != 0 || find_crowded_out(cache, miss))) continue;
    if (knows_tokens) model_.index().prefetch_spelling(miss.hash);
    if (missed_ != i) misses_[missed_] = miss;
    ++missed_;
  }
}

void MissPath::merge(PieceCache& cache) {
  const bool knows_tokens = model_.knows_tokens();
  for (uint32_t i = 0; i < missed_; ++i) {
    Miss& miss = misses_[i];
    if (find_long(cache, miss) || split(cache, miss)) continue;
    bool whole = false;
    miss.token = knows_tokens ? model_.find_token(miss.piece, miss.size, miss.hash, whole) : kNone;
    if (whole) {
      *miss.value = keep(cache, miss, &miss.token, 1);
    } else if (!take_turn(i)) {
      merge_alone(miss);
      *miss.value = keep(cache, miss, ids_.data(), static_cast<uint32_t>(ids_.size()));
    }
  }
  merge_turns(cache, turns_);
  merge_turns(cache, long_turns_);
}

// False if the piece has too many symbols.
bool MissPath::take_turn(uint32_t number) {
  const Miss& miss = misses_[number];
  const uint32_t symbols = model_.begin_turn(miss.piece, miss.size, turns_.turn[turns_.count], long_turns_.turn[long_turns_.count], scratch_);
  if (symbols == 0) return false;
  (symbols <= Turn::kMost ? turns_.miss[turns_.count++] : long_turns_.miss[long_turns_.count++]) = number;
  return true;
}

template <typename AnyTurn>
void MissPath::merge_turns(PieceCache& cache, Turns<AnyTurn>& turns) {
  model_.merge_turns(turns.turn, turns.count);
  for (uint32_t i = 0; i < turns.count; ++i) {
    const Miss& miss = misses_[turns.miss[i]];
    uint32_t ids[AnyTurn::kMost];
    const uint32_t count = turns.turn[i].tokens(ids);
    model_.note(miss.token, ids, count);
    *miss.value = keep(cache, miss, ids, count);
  }
  turns.count = 0;
}

// Whether it falls into parts before it is merged.
bool MissPath::split(PieceCache& cache, const Miss& miss) {
  if (!late_) return false;
  const LateSplits::Outcome outcome = late_->encode(miss.piece, miss.size, ids_, stop_);
  if (outcome == LateSplits::Outcome::whole) return false;
  const uint32_t count = static_cast<uint32_t>(ids_.size());
  // What was stopped is not all that the piece becomes.
  *miss.value = outcome == LateSplits::Outcome::split ? keep(cache, miss, ids_.data(), count) : cache.temporary(ids_.data(), count);
  return true;
}

// Whether it found no place in the cache and is in the memory of long pieces.
bool MissPath::find_crowded_out(PieceCache& cache, const Miss& miss) {
  return cache.is_crowded(miss.key, miss.size) && find_kept(cache, miss, hash_bytes(miss.piece, miss.size));
}

bool MissPath::find_kept(PieceCache& cache, const Miss& miss, uint64_t hash) {
  const auto ids = long_pieces_.find(miss.piece, miss.size, hash);
  if (ids.empty()) return false;
  *miss.value = cache.temporary(ids.data(), static_cast<uint32_t>(ids.size()));
  return true;
}

// Whether a memory of long pieces has it.
bool MissPath::find_long(PieceCache& cache, const Miss& miss) {
  if (miss.size <= kLongestKey) return false;
  const uint64_t hash = hash_bytes(miss.piece, miss.size);
  if (miss.size > PieceMemory::kLongestPiece) {
    const WholePieces::Ids* const ids = whole_pieces_.find(miss.piece, miss.size, hash);
    if (!ids) return false;
    uint32_t* place;
    *miss.value = cache.temporary(static_cast<uint32_t>(ids->size()), place);
    ids->write(place);
    return true;
  }
  return find_kept(cache, miss, hash);
}

// Into ids_.
void MissPath::merge_alone(const Miss& miss) {
  ids_.clear();
  model_.merge(miss.piece, miss.size, ids_, scratch_);
  model_.note(miss.token, ids_.data(), static_cast<uint32_t>(ids_.size()));
}

uint64_t MissPath::keep(PieceCache& cache, const Miss& miss, const uint32_t* ids, uint32_t count) {
  if (miss.size > kLongestKey) return keep_long(cache, miss, ids, count);
  full_ = full_ || cache.full_for(ids, count);
  if (full_) return cache.temporary(ids, count);
  bool kept;
  // The same piece may have come before in this group.
  const uint64_t value = cache.find_or_keep(miss.key, miss.size, ids, count, kept);
  if (!kept) remember(miss, hash_bytes(miss.piece, miss.size), {ids, count});
  return value;
}

uint64_t MissPath::keep_long(PieceCache& cache, const Miss& miss, const uint32_t* ids, uint32_t count) {
  const uint64_t hash = hash_bytes(miss.piece, miss.size);
  if (miss.size <= PieceMemory::kLongestPiece) {
    remember(miss, hash, {ids, count});
  } else if (count > 0) {  // none if merging was stopped
    whole_pieces_.keep(miss.piece, miss.size, hash, {ids, count}, bytes_for_whole());
  }
  return cache.temporary(ids, count);
}

void MissPath::remember(const Miss& miss, uint64_t hash, std::span<const uint32_t> ids) {
  // The same piece may have come before in this group.
  if (!long_pieces_.find(miss.piece, miss.size, hash).empty()) return;
  long_pieces_.keep(miss.piece, miss.size, hash, ids);
  whole_pieces_.shrink(bytes_for_whole());
}

}  // namespace merganser::bpe
