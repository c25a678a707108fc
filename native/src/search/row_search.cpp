// Without codes: every vector of the lists is scored, and queries that want the same page share its way from memory.
#include <bit>
#include <memory>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/search/list_order.hpp"
#include "merganser/search/search_parts.hpp"

namespace merganser::search {
namespace {

// Queries that share pages.
constexpr size_t kBlock = 64;

// A page of the lists that some queries of a block want.
struct WantedPage {
  uint32_t page;
  uint32_t slots;
  uint32_t list;  // in the block's lists
};

// Scores all vectors of the lists that the queries [begin, end) want.
class RowBlock {
 public:
  RowBlock(const SearchView& view, const SearchCall& call, const QueryRows& queries, size_t begin, size_t end)
      : view_(view), call_(call), queries_(queries), begin_(begin), end_(end), wanting_(view.lists) {
    ListOrder order(view, call.probes);
    for (size_t query = begin; query < end; query += kQueryTile) {
      const size_t count = std::min(kQueryTile, end - query);
      std::vector<uint32_t> lists[kQueryTile];
      order.find(queries, query, count, lists);
      for (size_t i = 0; i < count; ++i) {
        for (const uint32_t list : lists[i]) wanting_[list].push_back(static_cast<uint32_t>(query + i));
      }
    }
    for (size_t list = 0; list < view.lists; ++list) {
      if (wanting_[list].empty()) continue;
      for (size_t i = 0; i * kPageSlots < view.sizes[list]; ++i) {
        const uint32_t page = view.pages[view.page_offsets[list] + i];
        const uint32_t slots = allowed_slots(call, page) & first_slots(view.sizes[list] - i * kPageSlots);
        if (slots) pages_.push_back({page, slots, static_cast<uint32_t>(list)});
      }
    }
  }

  // Searches one of `segments` parts of the pages.
  void search(size_t segment, size_t segments, std::vector<Best>& best) const {
    static const auto score = MERGANSER_SELECT(score_range);
    float scores[kQueryTile * kPageSlots];
    const size_t last = pages_.size() * (segment + 1) / segments;
    for (size_t i = pages_.size() * segment / segments; i < last; ++i) {
      if (i % 64 == 0 && ends(call_)) return;
      const WantedPage& wanted = pages_[i];
      const std::vector<uint32_t>& queries = wanting_[wanted.list];
      const auto count = kPageSlots - static_cast<size_t>(std::countl_zero(wanted.slots));
      for (size_t q = 0; q < queries.size(); q += kQueryTile) {
        const size_t tile = std::min(kQueryTile, queries.size() - q);
        score(view_.rows, view_.kind, view_.dims, queries_, queries.data() + q, tile, wanted.page * kPageSlots, count, scores, kPageSlots);
        for (size_t j = 0; j < tile; ++j) offer(wanted, scores + j * kPageSlots, count, best[queries[q + j] - begin_]);
      }
    }
  }

  size_t begin() const { return begin_; }
  size_t end() const { return end_; }

 private:
  static void offer(const WantedPage& wanted, const float* scores, size_t count, Best& best) {
    const float threshold = best.threshold();
    bool any = false;
    for (size_t i = 0; i < count; ++i) any |= !(scores[i] < threshold);
    if (!any) return;
    for (uint32_t mask = wanted.slots; mask; mask &= mask - 1) {
      const auto lane = static_cast<uint32_t>(std::countr_zero(mask));
      if (!(scores[lane] < best.threshold())) best.offer(wanted.page * static_cast<uint32_t>(kPageSlots) + lane, scores[lane]);
    }
  }

  const SearchView& view_;
  const SearchCall& call_;
  const QueryRows queries_;
  const size_t begin_, end_;
  std::vector<std::vector<uint32_t>> wanting_;
  std::vector<WantedPage> pages_;
};

}  // namespace

void search_by_rows(const SearchView& view, const SearchCall& call, const QueryRows& queries, const SearchOutput& out) {
  const size_t limit = wanted(view, call);
  const size_t threads = std::max(1u, call.threads);
  const size_t size = std::min(kBlock, std::max<size_t>(1, call.count / threads));
  const size_t blocks = (call.count + size - 1) / size;
  // Where there are fewer blocks than threads, several share a block's pages.
  const size_t segments = blocks < threads ? threads / blocks : 1;
  std::vector<std::unique_ptr<RowBlock>> work(blocks);
  const auto empty = [&](size_t block) { return std::vector<Best>(std::min(size, call.count - block * size), Best(limit, view.ids)); };
  const auto finish = [&](size_t block, std::vector<Best>& best) {
    if (ends(call)) return;
    for (size_t i = 0; i < best.size(); ++i) write_result(view, call, queries, block * size + i, best[i], out);
  };
  const auto block_of = [&](size_t block) {
    return std::make_unique<RowBlock>(view, call, queries, block * size, std::min(call.count, (block + 1) * size));
  };
  if (segments == 1) {
    parallel::parallel_for(call.threads, blocks, [&](size_t block) {
      if (ends(call)) return;
      std::vector<Best> best = empty(block);
      block_of(block)->search(0, 1, best);
      finish(block, best);
    });
    return;
  }
  std::vector<std::vector<Best>> parts(blocks * segments);
  parallel::parallel_for(call.threads, blocks, [&](size_t block) { work[block] = block_of(block); });
  parallel::parallel_for(call.threads, parts.size(), [&](size_t part) {
    parts[part] = empty(part / segments);
    work[part / segments]->search(part % segments, segments, parts[part]);
  });
  for (size_t block = 0; block < blocks; ++block) {
    std::vector<Best>& best = parts[block * segments];
    for (size_t segment = 1; segment < segments; ++segment) {
      for (size_t i = 0; i < best.size(); ++i) best[i].offer_all(parts[block * segments + segment][i]);
    }
    finish(block, best);
  }
}

}  // namespace merganser::search
