// A model's tables out of a file and into it: what `Model` derives from its specification, so that it need not be derived again.
#include <algorithm>
#include <utility>

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {
namespace {

constexpr size_t kMostMerges = (size_t{1} << kMergeBits) - 1;

// A specification that comes with tables has not been checked by anybody.
ModelSpec sound(ModelSpec spec) {
  const auto& offsets = spec.token_offsets;
  io::check(!offsets.empty() && offsets[0] == 0 && offsets.back() == spec.token_bytes.size() && spec.vocab_size() <= kNoSymbol);
  io::check(std::is_sorted(offsets.begin(), offsets.end()));
  const auto is_id = [&](int32_t id) { return id >= -1 && id < static_cast<int64_t>(spec.vocab_size()); };
  io::check(std::all_of(spec.byte_ids.begin(), spec.byte_ids.end(), is_id) && is_id(spec.unk_id));
  return spec;
}

}  // namespace

SavedModel::SavedModel(io::TableReader tables) : index(tables), pairs(tables), rest(tables) {
  tables.skip_sparse();
  listed = tables.array<uint32_t>(kMostMerges);
  merge_count = tables.value<uint64_t>();
  first = tables.value<uint64_t>();
  span = tables.value<uint64_t>();
  pairs = tables;
  SavedPairs::skip(tables);
  rest = tables;
}

Model::Model(ModelSpec spec, SavedModel saved, SavedIndex index, SavedPairs pairs)
    : spec_(sound(std::move(spec))), index_(spec_, std::move(index)), reachable_(spec_.vocab_size()) {
  knows_tokens_ = true;
  plain_ = spec_.continuing_prefix.empty() && spec_.end_of_word_suffix.empty();
  index_units();
  auto& listed = saved.listed;
  const auto [first, span] = std::pair(saved.first, saved.span);
  merge_count_ = saved.merge_count;
  io::check(std::all_of(listed.begin(), listed.end(), [&](uint32_t id) { return id < spec_.vocab_size(); }) && (listed.empty() || spec_.has_merges));
  io::check(merge_count_ <= kMostMerges && listed.size() <= merge_count_ && (spec_.has_merges || merge_count_ == spec_.vocab_size()));
  io::check(first <= listed.size() && (span == 0 || span == spec_.vocab_size()) && listed.size() + span <= kMostMerges);
  numbers_ = MergeNumbers(std::move(listed), static_cast<uint32_t>(first), static_cast<uint32_t>(span));
  const uint32_t merges = numbers_.end();
  pairs_ = std::make_unique<PairTable>(merge_count_, merges, std::move(pairs));
  io::TableReader tables = saved.rest;
  if (complete_ && !spec_.char_units) {
    byte_pairs_.resize(65536);
    tables.array(byte_pairs_.data(), byte_pairs_.size());
    io::check(std::all_of(byte_pairs_.begin(), byte_pairs_.end(), [&](uint32_t merge) { return merge == kNone || merge < merges; }));
  }
  index_ascii_pairs();
  const auto reachable = tables.array<uint8_t>(spec_.vocab_size());
  io::check(reachable.size() == reachable_.size());
  for (size_t id = 0; id < reachable.size(); ++id) reachable_[id].store(reachable[id], std::memory_order_relaxed);
  merges_bytes_ = tables.value<uint64_t>() != 0;
}

void Model::save(io::TableWriter& tables) const {
  index_.save(tables);
  tables.array(numbers_.listed().data(), numbers_.listed().size());
  tables.value(merge_count_);
  tables.value(uint64_t{numbers_.first()});
  tables.value(uint64_t{numbers_.span()});
  pairs_->save(tables);
  if (!byte_pairs_.empty()) tables.array(byte_pairs_.data(), byte_pairs_.size());
  std::vector<uint8_t> reachable(reachable_.size());
  std::transform(reachable_.begin(), reachable_.end(), reachable.begin(), [](const auto& value) { return value.load(std::memory_order_relaxed); });
  tables.array(reachable.data(), reachable.size());
  tables.value(uint64_t{merges_bytes_});
}

}  // namespace merganser::bpe
