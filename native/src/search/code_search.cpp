// With binary codes: lists are gone through in rounds of 1, 1, 2, 4, 8 … After each round those vectors are read whose estimates promise to be among the best, the most
// promising first; so there is a threshold soon, which few vectors of the later lists pass. Queries of a block that want the same list in a round share its codes' way
// from memory. What a query reads does not depend on the others.
#include <bit>
#include <cmath>
#include <utility>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/search/list_order.hpp"
#include "merganser/search/prepared_queries.hpp"
#include "merganser/search/search_parts.hpp"

namespace merganser::search {
namespace {

// The estimate of ⟨r, q − c⟩ is off by about so much of factor × ‖q − c‖.
constexpr double kDeviation = 0.6;
// Noted vectors are read so many at a time.
constexpr size_t kReadTogether = 16;
// Queries that share codes.
constexpr size_t kBlock = 256;

struct QueryInSearch {
  QueryInSearch(const SearchView& view, const SearchCall& call, size_t number)
      : query(number), tables(view.codes, call.queries + number * view.dims, view.dims), best(wanted(view, call), view.ids) {}
  size_t query;
  CodeTables tables;
  Best best;
  // Slots that may hold something better, and their estimates.
  std::vector<Scored> noted;
};

class CodeSearch {
 public:
  CodeSearch(const SearchView& view, const SearchCall& call, const QueryRows& queries)
      : view_(view), call_(call), queries_(queries), order_(view, call.probes) {}

  void search(size_t begin, size_t end, const SearchOutput& out) {
    lists_.resize(end - begin);
    for (size_t query = begin; query < end; query += kQueryTile)
      order_.find(queries_, query, std::min(kQueryTile, end - query), lists_.data() + (query - begin));
    block_.clear();
    block_.reserve(end - begin);
    for (size_t query = begin; query < end; ++query) block_.emplace_back(view_, call_, query);
    const size_t probes = lists_.empty() ? 0 : lists_[0].size();
    for (size_t from = 0, to = 1; from < probes && !ends(call_); from = to, to = std::min(probes, 2 * to)) {
      scan(from, to);
      for (QueryInSearch& each : block_) read_noted(each);
    }
    if (ends(call_)) return;
    for (QueryInSearch& each : block_) write_result(view_, call_, queries_, each.query, each.best, out);
  }

 private:
  // Estimates are of ⟨x, q⟩, or of half of −‖x − q‖².
  float threshold_of(const Best& best) const { return view_.kind == ScoreKind::dot ? best.threshold() : best.threshold() / 2; }

  // Notes what may be better in the lists [from, to) of each query.
  void scan(size_t from, size_t to) {
    score_centroids(from, to);
    wanting_.clear();
    for (size_t query = 0; query < block_.size(); ++query) {
      for (size_t i = from; i < to; ++i) wanting_.push_back({lists_[query][i], static_cast<uint32_t>(query * (to - from) + (i - from))});
    }
    // A query on its own goes through its lists as they come.
    if (block_.size() > 1) std::sort(wanting_.begin(), wanting_.end());
    pages_.clear();
    for (size_t i = 0; i < wanting_.size(); ++i) {
      const uint32_t list = wanting_[i].first;
      if (i > 0 && wanting_[i - 1].first == list) continue;
      pages_.insert(pages_.end(), view_.pages + view_.page_offsets[list], view_.pages + view_.page_offsets[list + 1]);
    }
    size_t at = 0, count = 0;
    for (size_t i = 0; i < wanting_.size(); ++i) {
      const auto [list, score] = wanting_[i];
      const bool again = i > 0 && wanting_[i - 1].first == list;
      if (!again) {
        at += count;
        count = view_.page_offsets[list + 1] - view_.page_offsets[list];
      }
      note(block_[score / (to - from)], list, score, {pages_.data() + at, count, again ? 0 : pages_.size() - at});
    }
  }

  // ⟨c, q⟩ and −‖c − q‖² of the centroids of the lists [from, to) of each query.
  void score_centroids(size_t from, size_t to) {
    static const auto score = MERGANSER_SELECT(score_slots);
    const SlotRows rows{const_cast<float*>(view_.centroids.data), RowType::float32, nullptr};
    const size_t count = to - from;
    products_.resize(block_.size() * count);
    distances_.resize(block_.size() * count);
    for (size_t i = 0; i < block_.size(); ++i) {
      const uint32_t* const lists = lists_[i].data() + from;
      score(rows, ScoreKind::l2, view_.dims, queries_, block_[i].query, lists, count, distances_.data() + i * count);
      if (view_.kind == ScoreKind::dot) score(rows, ScoreKind::dot, view_.dims, queries_, block_[i].query, lists, count, products_.data() + i * count);
    }
  }

  void note(QueryInSearch& search, uint32_t list, size_t score, const PageRun& run) {
    static const auto scan = MERGANSER_SELECT(scan_codes);
    masks_.resize(std::max(masks_.size(), run.count));
    estimates_.resize(std::max(estimates_.size(), run.count * kPageSlots));
    const float base = view_.kind == ScoreKind::dot ? products_[score] : distances_[score] / 2;
    const float margin = static_cast<float>(static_cast<double>(call_.confidence) * kDeviation * std::sqrt(static_cast<double>(-distances_[score])));
    scan(view_.codes, code_groups(view_.dims), search.tables.view(), base, margin, threshold_of(search.best), run, masks_.data(), estimates_.data());
    for (size_t i = 0; i < run.count; ++i) {
      uint32_t mask = masks_[i];
      if (!mask) continue;
      mask &= allowed_slots(call_, run.pages[i]) & first_slots(view_.sizes[list] - i * kPageSlots);
      for (; mask; mask &= mask - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(mask));
        search.noted.push_back({estimates_[i * kPageSlots + lane], run.pages[i] * static_cast<uint32_t>(kPageSlots) + lane});
      }
    }
  }

  void offer_slots(size_t query, Best& best) {
    static const auto score = MERGANSER_SELECT(score_slots);
    scores_.resize(slots_.size());
    score(view_.rows, view_.kind, view_.dims, queries_, query, slots_.data(), slots_.size(), scores_.data());
    float threshold = best.threshold();
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (scores_[i] < threshold) continue;
      best.offer(slots_[i], scores_[i]);
      threshold = best.threshold();
    }
  }

  // The most promising first, until none can be better than what is there.
  void read_noted(QueryInSearch& search) {
    auto& [query, tables, best, noted] = search;
    const auto later = [](const Scored& a, const Scored& b) { return a.score < b.score || (a.score == b.score && a.slot > b.slot); };
    std::make_heap(noted.begin(), noted.end(), later);
    auto end = noted.end();
    while (end != noted.begin() && !(noted.front().score < threshold_of(best))) {
      slots_.clear();
      while (slots_.size() < kReadTogether && end != noted.begin() && !(noted.front().score < threshold_of(best))) {
        slots_.push_back(noted.front().slot);
        std::pop_heap(noted.begin(), end--, later);
      }
      offer_slots(query, best);
    }
    noted.clear();
  }

  const SearchView& view_;
  const SearchCall& call_;
  const QueryRows queries_;
  ListOrder order_;
  std::vector<std::vector<uint32_t>> lists_;
  std::vector<QueryInSearch> block_;
  // Lists, and places in the scores of their centroids.
  std::vector<std::pair<uint32_t, uint32_t>> wanting_;
  std::vector<uint32_t> pages_, masks_, slots_;
  std::vector<float> estimates_, scores_, products_, distances_;
};

}  // namespace

void search_by_codes(const SearchView& view, const SearchCall& call, const QueryRows& queries, const SearchOutput& out) {
  const size_t threads = std::max(1u, call.threads);
  const size_t blocks = std::max((call.count + kBlock - 1) / kBlock, std::min(threads, call.count));
  parallel::parallel_for(call.threads, blocks, [&](size_t block) {
    if (ends(call)) return;
    CodeSearch(view, call, queries).search(call.count * block / blocks, call.count * (block + 1) / blocks, out);
  });
}

}  // namespace merganser::search
