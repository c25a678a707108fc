// One thread's memory of pieces and their ids; see piece_tables.hpp for the layout. Never larger than it was made.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/piece_tables.hpp"
#include "merganser/parallel/huge_array.hpp"

namespace merganser::bpe {

class PieceCache {
 public:
  // `bytes` is an upper bound (at least 256 KiB are taken). `vocab_size` decides how many bits an id has.
  PieceCache(size_t bytes, uint32_t vocab_size);

  const TablesView& view() const { return view_; }

  // 0 if the piece (1 to kLongestKey bytes, 32 readable) is not there.
  uint64_t find(const PieceKey& key, uint32_t size) const;
  // A value for `ids`, kept with the piece. The store must have room (`full_for`).
  uint64_t insert(const PieceKey& key, uint32_t size, const uint32_t* ids, uint32_t count);
  // A value that lasts until `end_batch`.
  uint64_t temporary(const uint32_t* ids, uint32_t count);
  void end_batch() { temporary_.clear(); }
  // True if the store of long results has no room for this many ids: time to `forget`, once no value is in use any more.
  bool full_for(uint32_t count) const { return count > inline_ids_ && store_.size() + count + 1 > store_limit_; }

  uint32_t count_of(uint64_t value) const {
    const uint32_t count = static_cast<uint32_t>(value >> kCountShift) & 7;
    return count == kStored ? *stored(value) : count;
  }
  // Writes the ids of a value; may write up to three numbers more than there are ids.
  uint32_t* emit(uint64_t value, uint32_t* out) const {
    const uint32_t count = static_cast<uint32_t>(value >> kCountShift) & 7;
    if (count == kStored) [[unlikely]] return emit_stored(value, out);
    out[0] = static_cast<uint32_t>(value) & id_mask_;
    out[1] = static_cast<uint32_t>(value >> id_bits_) & id_mask_;
    out[2] = static_cast<uint32_t>(value >> 2 * id_bits_) & id_mask_;
    return out + count;
  }
  void forget();

 private:
  uint64_t pack(uint32_t size, const uint32_t* ids, uint32_t count);
  const uint32_t* stored(uint64_t value) const {
    return (value & kTemporary ? temporary_ : store_).data() + static_cast<uint32_t>(value);
  }
  uint32_t* emit_stored(uint64_t value, uint32_t* out) const;

  parallel::HugeArray<Bucket8> table8_;
  parallel::HugeArray<Bucket16> table16_;
  parallel::HugeArray<Bucket32> table32_;
  TablesView view_;
  std::vector<uint32_t> store_;      // count, ids, count, ids …
  std::vector<uint32_t> temporary_;
  size_t store_limit_;
  uint32_t id_bits_, id_mask_, inline_ids_;
  uint32_t turn_ = 0;                // which entry a full bucket loses next
};

}  // namespace merganser::bpe
