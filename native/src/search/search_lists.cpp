#include "merganser/search/search_lists.hpp"

#include <bit>
#include <cmath>
#include <memory>
#include <utility>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/search/best.hpp"
#include "merganser/search/prepared_queries.hpp"

namespace merganser::search {
namespace {

// The estimate of ⟨r, q − c⟩ is off by about so much of factor × ‖q − c‖.
constexpr double kDeviation = 0.6;
// The memory is told of a list's codes so many lists before.
constexpr size_t kListsAhead = 2;
// Noted vectors are read so many at a time.
constexpr size_t kReadTogether = 16;
// Queries that share pages.
constexpr size_t kBlock = 64;

bool ends(const SearchCall& call) { return call.cancelled && *call.cancelled; }

// The lists to search of one query, in order.
class ListOrder {
 public:
  ListOrder(const SearchView& view, const SearchCall& call) : view_(view), probes_(call.probes), scores_(view.lists), numbers_(view.lists) {
    for (size_t list = 0; list < view.lists; ++list) numbers_[list] = static_cast<uint32_t>(list);
  }
  const std::vector<uint32_t>& of(const QueryRows& queries, uint32_t query) {
    static const auto score = MERGANSER_SELECT(score_range);
    if (!view_.centroids.data) return lists_.assign(1, 0), lists_;
    const ListCentroids& centroids = view_.centroids;
    score(centroids.rows, ScoreKind::dot, view_.dims, queries, &query, 1, 0, view_.lists, scores_.data(), view_.lists);
    double square = 0;
    for (size_t i = 0; i < queries.stride; ++i) {
      const double value = queries.values[query * queries.stride + i];
      square += value * value;
    }
    const float length = static_cast<float>(std::sqrt(square));
    for (size_t list = 0; list < view_.lists; ++list) scores_[list] = (scores_[list] + centroids.biases[list]) + length * centroids.spreads[list];
    Best best(probes_, numbers_.data());
    float threshold = best.threshold();
    for (size_t list = 0; list < view_.lists; ++list) {
      if (scores_[list] < threshold) continue;
      best.offer(static_cast<uint32_t>(list), scores_[list]);
      threshold = best.threshold();
    }
    lists_.clear();
    for (const Scored& list : best.sort()) lists_.push_back(list.slot);
    return lists_;
  }

 private:
  const SearchView& view_;
  const size_t probes_;
  std::vector<float> scores_;
  std::vector<uint32_t> numbers_, lists_;
};

uint32_t allowed_slots(const SearchCall& call, uint32_t page) { return call.mask ? call.mask[page] : ~uint32_t{0}; }

// Of a page that holds `left` or more slots.
uint32_t first_slots(size_t left) { return left >= kPageSlots ? ~uint32_t{0} : (uint32_t{1} << left) - 1; }

// What was found: scored once more if the index has exact vectors, and written down.
void write_result(const SearchView& view, const SearchCall& call, const QueryRows& queries, size_t query, Best& found, const SearchOutput& out) {
  static const auto score = MERGANSER_SELECT(score_slots);
  Best again(call.k, view.ids);
  Best* best = &found;
  if (view.exact.data) {
    std::vector<uint32_t> slots, places;
    for (const Scored& scored : found.sort()) {
      slots.push_back(scored.slot);
      places.push_back(view.exact_by_id ? view.ids[scored.slot] : scored.slot);
    }
    std::vector<float> scores(slots.size());
    score(view.exact, view.kind, view.dims, queries, query, places.data(), places.size(), scores.data());
    for (size_t i = 0; i < slots.size(); ++i) again.offer(slots[i], scores[i]);
    best = &again;
  }
  const std::vector<Scored>& sorted = best->sort();
  out.counts[query] = static_cast<uint32_t>(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) {
    out.ids[query * call.k + i] = view.ids[sorted[i].slot];
    out.scores[query * call.k + i] = sorted[i].score;
  }
}

class CodeSearch {
 public:
  CodeSearch(const SearchView& view, const SearchCall& call, const QueryRows& queries) : view_(view), call_(call), queries_(queries), order_(view, call) {}

  void search(size_t query, const SearchOutput& out) {
    query_ = query;
    const CodeTables tables(view_.codes, call_.queries + query * view_.dims, view_.dims);
    Best best(view_.exact.data ? call_.candidates : call_.k, view_.ids);
    noted_.clear();
    const std::vector<uint32_t>& lists = order_.of(queries_, static_cast<uint32_t>(query));
    for (size_t number = 0; number < lists.size(); ++number) {
      for (size_t next = number == 0 ? 1 : number + kListsAhead; next <= number + kListsAhead && next < lists.size(); ++next) expect(lists[next]);
      note(lists[number], tables.view(), threshold_of(best));
      if (std::has_single_bit(number + 1)) read_noted(best);
    }
    read_noted(best);
    write_result(view_, call_, queries_, query, best, out);
  }

 private:
  // Estimates are of ⟨x, q⟩, or of half of −‖x − q‖².
  float threshold_of(const Best& best) const { return view_.kind == ScoreKind::dot ? best.threshold() : best.threshold() / 2; }

  // Tells the memory that a list's codes will be read.
  void expect(uint32_t list) const {
#if defined(__GNUC__)
    constexpr size_t kLine = 64;
    const size_t page_bytes = code_groups(view_.dims) * 16;
    const auto fetch = [](const void* from, size_t bytes) {
      for (size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(static_cast<const char*>(from) + at);
    };
    for (size_t at = view_.page_offsets[list]; at < view_.page_offsets[list + 1]; ++at) {
      fetch(view_.codes.bits + view_.pages[at] * page_bytes, page_bytes);
      fetch(view_.codes.factors + view_.pages[at] * 2 * kPageSlots, 2 * kPageSlots * sizeof(float));
    }
    fetch(view_.centroids.data + list * view_.dims, view_.dims * sizeof(float));
#else
    static_cast<void>(list);
#endif
  }

  // ⟨c, q⟩ and ‖q − c‖² of a list's centroid; eight partial sums, which the compiler makes vectors of.
  std::pair<double, double> from_centroid(uint32_t list) const {
    constexpr size_t kLanes = 8;
    const float* const centroid = view_.centroids.data + list * view_.dims;
    const float* const values = queries_.values + query_ * queries_.stride;
    double products[kLanes] = {}, squares[kLanes] = {};
    const auto add = [&](size_t i, size_t lane) {
      const double value = centroid[i], other = values[i], difference = other - value;
      products[lane] += value * other;
      squares[lane] += difference * difference;
    };
    size_t i = 0;
    for (; i + kLanes <= view_.dims; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
    }
    for (size_t lane = 0; i < view_.dims; ++i, ++lane) add(i, lane);
    double product = 0, square = 0;
    for (size_t lane = 0; lane < kLanes; ++lane) product += products[lane], square += squares[lane];
    return {product, square};
  }

  void note(uint32_t list, const CodeQuery& query, float threshold) {
    static const auto scan = MERGANSER_SELECT(scan_codes);
    const uint32_t* const pages = view_.pages + view_.page_offsets[list];
    const size_t size = view_.sizes[list], count = (size + kPageSlots - 1) / kPageSlots;
    masks_.resize(count);
    estimates_.resize(count * kPageSlots);
    const auto [product, square] = from_centroid(list);
    const float base = static_cast<float>(view_.kind == ScoreKind::dot ? product : -square / 2);
    const float margin = static_cast<float>(static_cast<double>(call_.confidence) * kDeviation * std::sqrt(square));
    scan(view_.codes, code_groups(view_.dims), query, base, margin, threshold, pages, count, masks_.data(), estimates_.data());
    for (size_t i = 0; i < count; ++i) {
      uint32_t mask = masks_[i] & allowed_slots(call_, pages[i]) & first_slots(size - i * kPageSlots);
      for (; mask; mask &= mask - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(mask));
        noted_.push_back({estimates_[i * kPageSlots + lane], pages[i] * static_cast<uint32_t>(kPageSlots) + lane});
      }
    }
  }

  void offer_slots(Best& best) {
    static const auto score = MERGANSER_SELECT(score_slots);
    scores_.resize(slots_.size());
    score(view_.rows, view_.kind, view_.dims, queries_, query_, slots_.data(), slots_.size(), scores_.data());
    float threshold = best.threshold();
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (scores_[i] < threshold) continue;
      best.offer(slots_[i], scores_[i]);
      threshold = best.threshold();
    }
  }

  // The most promising first, until none can be better than what is there.
  void read_noted(Best& best) {
    const float begin = threshold_of(best);
    std::erase_if(noted_, [&](const Scored& noted) { return noted.score < begin; });
    const auto later = [](const Scored& a, const Scored& b) { return a.score < b.score || (a.score == b.score && a.slot > b.slot); };
    std::make_heap(noted_.begin(), noted_.end(), later);
    auto end = noted_.end();
    while (end != noted_.begin() && !(noted_.front().score < threshold_of(best))) {
      slots_.clear();
      while (slots_.size() < kReadTogether && end != noted_.begin() && !(noted_.front().score < threshold_of(best))) {
        slots_.push_back(noted_.front().slot);
        std::pop_heap(noted_.begin(), end--, later);
      }
      offer_slots(best);
    }
    noted_.clear();
  }

  const SearchView& view_;
  const SearchCall& call_;
  const QueryRows queries_;
  size_t query_ = 0;
  ListOrder order_;
  std::vector<uint32_t> masks_, slots_;
  std::vector<float> estimates_, scores_;
  std::vector<Scored> noted_;
};

void search_by_codes(const SearchView& view, const SearchCall& call, const QueryRows& queries, const SearchOutput& out) {
  const size_t parts = std::min<size_t>(call.count, std::max(1u, call.threads) * (call.threads > 1 ? 8 : 1));
  parallel::parallel_for(call.threads, parts, [&](size_t part) {
    CodeSearch search(view, call, queries);
    const size_t end = call.count * (part + 1) / parts;
    for (size_t query = call.count * part / parts; query < end && !ends(call); ++query) search.search(query, out);
  });
}

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
    ListOrder order(view, call);
    for (size_t query = begin; query < end; ++query) {
      for (const uint32_t list : order.of(queries, static_cast<uint32_t>(query))) wanting_[list].push_back(static_cast<uint32_t>(query));
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

void search_by_rows(const SearchView& view, const SearchCall& call, const QueryRows& queries, const SearchOutput& out) {
  const size_t limit = view.exact.data ? call.candidates : call.k;
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

}  // namespace

void search_lists(const SearchView& view, const SearchCall& call, const SearchOutput& out) {
  const bool whole_numbers = view.rows.type == RowType::int8 || view.centroids.data;
  const PreparedQueries prepared(call.queries, call.count, view.dims, whole_numbers);
  if (view.codes.bits) search_by_codes(view, call, prepared.view(), out);
  else search_by_rows(view, call, prepared.view(), out);
}

}  // namespace merganser::search
