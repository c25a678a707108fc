// What the ways to search have in common.
#pragma once
#include "merganser/search/best.hpp"
#include "merganser/search/row_scores.hpp"
#include "merganser/search/search_lists.hpp"

namespace merganser::search {

inline bool ends(const SearchCall& call) { return call.cancelled && *call.cancelled; }

inline uint32_t allowed_slots(const SearchCall& call, uint32_t page) { return call.mask ? call.mask[page] : ~uint32_t{0}; }

// Of a page that holds `left` or more slots.
inline uint32_t first_slots(size_t left) { return left >= kPageSlots ? ~uint32_t{0} : (uint32_t{1} << left) - 1; }

// How many are looked for before exact vectors decide.
inline size_t wanted(const SearchView& view, const SearchCall& call) { return view.exact.data ? call.candidates : call.k; }

// What was found: scored once more if the index has exact vectors, and written down.
void write_result(const SearchView& view, const SearchCall& call, const QueryRows& queries, size_t query, Best& found, const SearchOutput& out);

void search_by_codes(const SearchView& view, const SearchCall& call, const QueryRows& queries, const SearchOutput& out);
void search_by_rows(const SearchView& view, const SearchCall& call, const QueryRows& queries, const SearchOutput& out);

}  // namespace merganser::search
