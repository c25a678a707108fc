// One size class of the cache: buckets that hold what came last. Starts small, so that what is in use stays near the processor, and doubles while
// it fills up, to a limit; then a full pair of buckets loses an entry for each that comes. (Before that, what finds no place goes elsewhere.)
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "merganser/bpe/piece_tables.hpp"
#include "merganser/parallel/huge_array.hpp"

namespace merganser::bpe {

template <typename Bucket>
class BucketTable {
 public:
  // `log2_limit` >= `log2_buckets` >= 1.
  BucketTable(uint32_t log2_buckets, uint32_t log2_limit)
      : buckets_(size_t{1} << log2_buckets, size_t{1} << log2_limit), log2_(log2_buckets), log2_limit_(log2_limit) {}

  // Many pieces are about to come: a table that is empty still begins with 2^log2 buckets, so that it does not grow through those sizes.
  void expect_much(uint32_t log2) {
    buckets_.expect_much();
    log2 = std::min(log2, log2_limit_);
    if (entries_ > 0 || log2 <= log2_) return;
    buckets_.grow(size_t{1} << log2);
    log2_ = log2;
  }
  const Bucket* buckets() const { return buckets_.data(); }
  // Home of a piece: its hash >> shift().
  uint32_t shift() const { return 32 - log2_; }

  void prefetch_second(const PieceKey& key) const { __builtin_prefetch(&buckets_[key.hash >> shift() ^ 1]); }
  // The value of a piece, 0 if it is not there. Entries of a bucket have no gaps, and a piece is in its home's neighbour only if its home was full.
  uint64_t find(const PieceKey& key, uint32_t size) const {
    const uint32_t home = key.hash >> shift();
    for (const uint32_t place : {home, home ^ 1}) {
      const Bucket& bucket = buckets_[place];
      for (uint32_t way = 0; way < Bucket::kWays; ++way) {
        if (bucket.value[way] == 0) return 0;
        if (bucket.holds(way, key, size)) return bucket.value[way];
      }
    }
    return 0;
  }

  // Whether there may be no place for a piece that is not there, although the table can grow: so few neighbours are full that it does not yet.
  bool is_crowded(const PieceKey& key) const {
    const uint32_t home = key.hash >> shift();
    return log2_ < log2_limit_ && buckets_[home].value[Bucket::kWays - 1] != 0 && buckets_[home ^ 1].value[Bucket::kWays - 1] != 0;
  }

  // The value of a piece; if it is not there, what `make` gives, which is kept. `kept`: false if there is no place for it.
  template <typename Make>
  uint64_t find_or_keep(const PieceKey& key, uint32_t size, Make make, bool& kept) {
    kept = true;
    const uint32_t home = key.hash >> shift();
    for (const uint32_t place : {home, home ^ 1}) {
      Bucket& bucket = buckets_[place];
      for (uint32_t way = 0; way < Bucket::kWays; ++way) {
        if (bucket.value[way] == 0) {
          ++entries_;
          bucket.set(way, key);
          return bucket.value[way] = make();
        }
        if (bucket.holds(way, key, size)) return bucket.value[way];
      }
    }
    const uint64_t value = make();
    kept = insert(key, value);
    return value;
  }

  void clear() {
    std::fill(buckets_.data(), buckets_.data() + buckets_.size(), Bucket{});
    entries_ = 0;
  }

 private:
  bool insert(const PieceKey& key, uint64_t value) {
    while (!place(key, value)) {
      if (log2_ == log2_limit_) {
        replace(key, value);
        return true;
      }
      if (Bucket::kSparse * entries_ < Bucket::kWays * buckets_.size()) return false;
      grow();
    }
    ++entries_;
    return true;
  }
  bool place(const PieceKey& key, uint64_t value) {
    const uint32_t home = key.hash >> shift();
    for (const uint32_t place : {home, home ^ 1}) {
      Bucket& bucket = buckets_[place];
      for (uint32_t way = 0; way < Bucket::kWays; ++way) {
        if (bucket.value[way] != 0) continue;
        bucket.set(way, key);
        bucket.value[way] = value;
        return true;
      }
    }
    return false;
  }
  void replace(const PieceKey& key, uint64_t value) {
    Bucket& bucket = buckets_[key.hash >> shift()];
    const uint32_t way = turn_++ % Bucket::kWays;
    bucket.set(way, key);
    bucket.value[way] = value;
  }
  // The entries of a pair of buckets go to two pairs, each of which has room for all of them. In place, the last pair first: where it goes to
  // all has moved on already.
  void grow() {
    const size_t pairs = buckets_.size() / 2;
    buckets_.grow(2 * buckets_.size());
    ++log2_;
    for (size_t pair = pairs; pair-- > 0;) {
      const Bucket old[2] = {buckets_[2 * pair], buckets_[2 * pair + 1]};
      buckets_[2 * pair] = buckets_[2 * pair + 1] = Bucket{};
      for (const Bucket& bucket : old) {
        for (uint32_t way = 0; way < Bucket::kWays && bucket.value[way] != 0; ++way) place(bucket.at(way), bucket.value[way]);
      }
    }
  }

  parallel::HugeArray<Bucket> buckets_;
  uint32_t log2_;
  uint32_t log2_limit_;
  size_t entries_ = 0;
  uint32_t turn_ = 0;  // which entry a full bucket loses next
};

}  // namespace merganser::bpe
