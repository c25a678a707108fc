#include "merganser/training/merge_schedule.hpp"

#include <algorithm>

namespace merganser::training {

MergeSchedule::MergeSchedule(std::vector<Merge> merges, std::vector<uint64_t> counts, size_t forced, uint32_t start)
    : merges_(std::move(merges)), counts_(std::move(counts)), forced_(std::min(forced, merges_.size())) {
  uint32_t tokens = start;
  for (const Merge& merge : merges_) tokens = std::max(tokens, merge.product + 1);
  ids_.assign(tokens, kNone);
  for (uint32_t id = 0; id < start; ++id) ids_[id] = id;
  begins_.assign(size_t{tokens} + 1, 0);
}

void MergeSchedule::advance(uint32_t id) { ids_[merges_[next_++].product] = id; }

void MergeSchedule::list_cells(const std::vector<uint32_t>& numbers, const std::vector<uint32_t>& cells) {
  for (const uint32_t number : numbers) ++begins_[number + 1];
  for (size_t number = 0; number + 1 < begins_.size(); ++number) begins_[number + 1] += begins_[number];
  cells_.resize(cells.size());
  std::vector<size_t> next(begins_);
  for (size_t i = 0; i < cells.size(); ++i) cells_[next[numbers[i]]++] = cells[i];
}

}  // namespace merganser::training
