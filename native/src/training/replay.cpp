#include "merganser/training/replay.hpp"

#include <algorithm>

#include "merganser/bpe/merge_symbols.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::training {

template <typename Id>
void replay_merges(WordCells<Id>& words, const std::vector<uint32_t>& merges) {
  const size_t count = merges.size() / 3;
  bpe::PairTable pairs(count);
  std::vector<uint32_t> products(count);
  for (size_t i = 0; i < count; ++i) {
    pairs.set(merges[3 * i], merges[3 * i + 1], static_cast<uint32_t>(i));
    products[i] = merges[3 * i + 2];
  }
  const bpe::MergeView view{pairs.view(), products.data(), static_cast<uint32_t>(count), 0};
  const std::vector<size_t> bounds = words.parts(parallel::ThreadPool::shared().size());
  const size_t parts = bounds.size() - 1;
  Id* const cells = words.cells();
  parallel::parallel_for(static_cast<unsigned>(parts), parts, [&](size_t part) {
    bpe::MergeScratch scratch;
    for (size_t begin = bounds[part]; begin < bounds[part + 1]; ++begin) {
      size_t end = begin;
      while (cells[end] != words.wall()) ++end;
      scratch.ids.assign(cells + begin, cells + end);
      scratch.sizes.assign(end - begin, 1);
      bpe::merge_symbols(view, scratch);
      for (size_t i = 0; i < scratch.ids.size(); ++i) {
        std::fill_n(cells + begin, scratch.sizes[i], static_cast<Id>(scratch.ids[i]));
        begin += scratch.sizes[i];
      }
    }
  });
}

template void replay_merges(WordCells<uint16_t>&, const std::vector<uint32_t>&);
template void replay_merges(WordCells<uint32_t>&, const std::vector<uint32_t>&);

}  // namespace merganser::training
