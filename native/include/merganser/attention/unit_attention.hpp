// Attention of units over the rows that each of them sees: in portions, which threads share and which are joined in their order.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "merganser/attention/attend_tiles.hpp"
#include "merganser/attention/kept_numbers.hpp"
#include "merganser/attention/units.hpp"

namespace merganser::attention {

// Rows of one kind that a unit sees.
struct SeenRows {
  RowsToAttend rows{};         // all but queries, range and limits
  std::vector<uint32_t> list;  // what rows.list stands for, if `listed`
  bool listed = false;
  size_t count = 0;
  size_t length = 0;  // of the part, for causal masks
  bool causal = false;
  std::vector<float> logits, log_counts;  // what the rows' pointers may point to
};

// What some of a unit's queries have seen of some of its rows.
struct PartialResult {
  KeptNumbers memory;
  float *greatest = nullptr, *sums = nullptr, *out = nullptr;

  // Room for so many queries, of which nothing is known yet. out: of `room` numbers each.
  void begin(size_t all, size_t room) {
    constexpr size_t kLine = 64;
    memory.resize(2 * all + all * room + kLine / sizeof(float));
    // Values begin with a line of the cache, or every vector of theirs would lie in two.
    out = memory.data() + (kLine - reinterpret_cast<uintptr_t>(memory.data()) % kLine) % kLine / sizeof(float);
    sums = out + all * room, greatest = sums + all;
    std::fill_n(out, all * room + all, 0.f);
    std::fill_n(greatest, all, kNothingSeen);
  }
};

struct UnitWork {
  Unit unit;
  size_t index = 0;
  std::unique_ptr<UnitQueries> queries;
  std::vector<SeenRows> seen;
  size_t rows = 0;
  size_t queries_at_a_time = 0;
  std::vector<PartialResult> results;  // of portions: all rows of the first queries, then all of the next ones
};

// Fills `seen`. Called on several threads; `threads`: how many there are for this unit.
using FindRows = std::function<void(UnitWork& work, unsigned threads)>;

// rows_at_a_time: of a portion; results depend on it, not on the number of threads. forms: squares if some rows have variances, plain if matrix tiles may take some.
struct Portioning {
  size_t rows_at_a_time;
  QueryForms forms;
};

void attend_units(const AttentionShape& shape, const Portioning& portioning, const FindRows& find_rows, const ResultRows& output,
                  const ResultRows& log_sum_exp, const Control& control);

// Whether matrix tiles may take rows of these types for some unit.
bool suits_matrix_tiles(const AttentionShape& shape, RowType keys, RowType values);
// What attention over parts wants of queries.
QueryForms forms_for(const AttentionShape& shape, const std::vector<KeyPart>& parts);
// Puts a list of rows into the order in which they are read best, if the unit's queries are few.
void order_list(SeenRows& seen, const UnitWork& work);
// Adds what a unit sees of parts.
void see_parts(const std::vector<KeyPart>& parts, UnitWork& work);

}  // namespace merganser::attention
