// One thread's memory of pieces and their ids; see piece_tables.hpp for the layout.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/bucket_table.hpp"
#include "merganser/bpe/piece_tables.hpp"
#include "merganser/bpe/write_ids.hpp"
#include "merganser/parallel/huge_array.hpp"

namespace merganser::bpe {

class PieceCache {
 public:
  // `bytes` is an upper bound (though a little over half a megabyte is always taken). `vocab_size` decides how many bits an id has.
  PieceCache(size_t bytes, uint32_t vocab_size);

  // Many pieces are about to come that are not there yet.
  void expect_much();
  // Good until the next `find_or_keep`.
  TablesView view() const {
    return {table8_.buckets(), table16_.buckets(), table32_.buckets(), table8_.shift(), table16_.shift(), table32_.shift()};
  }

  // 0 if the piece (1 to kLongestKey bytes) is not there.
  uint64_t find(const PieceKey& key, uint32_t size) const;
  // Asks for the place that `find` looks at after the one that the hot loop has looked at.
  void prefetch_second(const PieceKey& key, uint32_t size) const;
  // Whether a piece that is not there may have found no place.
  bool is_crowded(const PieceKey& key, uint32_t size) const;
  // The value of a piece; if it is not there yet, one for `ids`, which is kept, or, if there is no place for it (`kept`), lasts for now. The store must have room (`full_for`).
  uint64_t find_or_keep(const PieceKey& key, uint32_t size, const uint32_t* ids, uint32_t count, bool& kept);
  // A value that lasts until `end_batch`.
  uint64_t temporary(const uint32_t* ids, uint32_t count);
  // The same for ids that are yet to be written to `ids`, before anything else is called.
  uint64_t temporary(uint32_t count, uint32_t*& ids);
  // One for a single id; it lasts as long.
  uint64_t known(uint32_t id) { return fits(&id, 1) ? uint64_t{1} << kCountShift | id : temporary(&id, 1); }
  void end_batch() { temporary_.clear(); }
  // True if the store of long results has no room for these: time to `forget`, once no value is in use any more.
  bool full_for(const uint32_t* ids, uint32_t count) const { return stored_ + count + kStoredAtLeast + 1 > store_limit_ && !fits(ids, count); }
  void forget();

  // How many ids the values stand for.
  uint64_t count(const uint64_t* values, uint32_t count) const;
  // Writes the ids of the values one behind the other and returns their end. Up to kOvershoot more may be written than there are.
  uint32_t* write(const uint64_t* values, uint32_t count, uint32_t* out) const;
  static constexpr uint32_t kOvershoot = kWriteOvershoot;

 private:
  // Whether a value can hold them.
  bool fits(const uint32_t* ids, uint32_t count) const {
    return count <= inline_ids_ && std::all_of(ids, ids + count, [&](uint32_t id) { return id >> id_bits_ == 0; });
  }
  uint64_t pack(uint32_t size, const uint32_t* ids, uint32_t count);
  uint32_t store(const uint32_t* ids, uint32_t count);
  static size_t record_size(uint32_t count) { return 1 + std::max(count, kStoredAtLeast); }

  BucketTable<Bucket8> table8_;
  BucketTable<Bucket16> table16_;
  BucketTable<Bucket32> table32_;
  // Records: count, ids.
  size_t store_limit_;
  parallel::HugeArray<uint32_t> store_;
  size_t stored_ = 0;  // words in use
  std::vector<uint32_t> temporary_;
  uint32_t id_bits_, inline_ids_;
};

}  // namespace merganser::bpe
