#include "merganser/search/search_lists.hpp"

#include "merganser/search/prepared_queries.hpp"
#include "merganser/search/search_parts.hpp"

namespace merganser::search {
namespace {

// No estimate is off by so many standard deviations: all vectors are to be read, and codes are of no use.
constexpr float kReadAll = 32;

}  // namespace

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

void search_lists(const SearchView& view, const SearchCall& call, const SearchOutput& out) {
  const bool whole_numbers = view.rows.type == RowType::int8 || view.centroids.data;
  const PreparedQueries prepared(call.queries, call.count, view.dims, whole_numbers);
  if (view.codes.bits && call.confidence < kReadAll) search_by_codes(view, call, prepared.view(), out);
  else search_by_rows(view, call, prepared.view(), out);
}

}  // namespace merganser::search
