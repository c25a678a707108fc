#include "merganser/bpe/pair_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "merganser/io/tables.hpp"

namespace merganser::bpe {
namespace {

// Two to four pairs to a bucket of eight: hardly any is ever full.
uint32_t bucket_bits(size_t pairs) { return static_cast<uint32_t>(std::max(1, static_cast<int>(std::bit_width(pairs)) - 2)); }
uint32_t filter_bits(size_t pairs) { return static_cast<uint32_t>(std::max(9, static_cast<int>(std::bit_width(pairs * 4)))); }

}  // namespace

PairTable::PairTable(size_t pairs, parallel::HugeArray<PairBucket> buckets, std::vector<uint64_t> filter)
    : buckets_(std::move(buckets)), filter_(std::move(filter)) {
  view_ = {buckets_.data(), 64 - bucket_bits(pairs), (1u << bucket_bits(pairs)) - 1, filter_.data(), 64 - filter_bits(pairs)};
}

PairTable::PairTable(size_t pairs)
    : PairTable(pairs, parallel::HugeArray<PairBucket>(size_t{1} << bucket_bits(pairs)), std::vector<uint64_t>((size_t{1} << filter_bits(pairs)) / 64)) {}

SavedPairs::SavedPairs(io::TableReader tables) : buckets(tables.sparse_count() / PairBucket::kWays) {
  const io::PresentWords present = tables.sparse(buckets.data()->entry, buckets.size() * PairBucket::kWays);
  present.all<uint64_t>([&](uint64_t entry) {
    merges = std::max(merges, static_cast<uint32_t>(entry & ((1u << kMergeBits) - 1)) + 1);
    return true;
  });
  // Searches end at a bucket that is not full.
  io::check(std::any_of(buckets.data(), buckets.data() + buckets.size(), [](const PairBucket& bucket) { return bucket.entry[PairBucket::kWays - 1] == 0; }));
  filter = tables.array<uint64_t>(buckets.size() / 4 + 8);
}

void SavedPairs::skip(io::TableReader& tables) {
  tables.skip_sparse();
  tables.bytes(tables.value<uint64_t>() * sizeof(uint64_t));
}

PairTable::PairTable(size_t pairs, uint32_t merges, SavedPairs saved) : PairTable(pairs, std::move(saved.buckets), std::move(saved.filter)) {
  io::check(buckets_.size() == size_t{view_.mask} + 1 && filter_.size() == (size_t{1} << filter_bits(pairs)) / 64 && saved.merges <= merges);
}

void PairTable::save(io::TableWriter& tables) const {
  tables.sparse(buckets_[0].entry, (size_t{view_.mask} + 1) * PairBucket::kWays);
  tables.array(filter_.data(), filter_.size());
}

void PairTable::set(uint32_t left, uint32_t right, uint32_t merge) {
  const uint64_t key = PairView::key(left, right);
  for (uint32_t at = view_.home(key);; at = (at + 1) & view_.mask) {
    uint64_t* const entries = buckets_[at].entry;
    uint64_t* const entry = std::find_if(entries, entries + PairBucket::kWays, [&](uint64_t e) { return e == 0 || e >> kMergeBits == key; });
    if (entry == entries + PairBucket::kWays) continue;
    *entry = key << kMergeBits | merge;
    break;
  }
  const uint64_t hash = (key * kHashFactor) << 8 >> view_.filter_shift;
  filter_[hash >> 6] |= uint64_t{1} << (hash & 63);
}

}  // namespace merganser::bpe
