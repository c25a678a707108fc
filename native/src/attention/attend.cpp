#include <algorithm>
#include <cmath>
#include <limits>

#include "merganser/attention/attention.hpp"
#include "merganser/attention/units.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::attention {
namespace {

// Rows that one thread takes at a time: results do not depend on how many threads there are.
constexpr size_t kRowsAtATime = 8192;
// Queries that are worked on together.
constexpr size_t kQueriesAtATime = 256;

// Rows of a part that a unit sees: a range, or a list.
struct SeenRows {
  size_t part;
  bool listed;
  std::vector<uint32_t> list;
  size_t count;
};

SeenRows seen_rows(const KeyPart& part, size_t number, const Unit& unit, size_t unit_number) {
  SeenRows seen{number, part.lists.offsets != nullptr, {}, part.lengths[unit.sequence]};
  if (!seen.listed) return seen;
  const RowLists& lists = part.lists;
  const size_t length = part.lengths[unit.sequence];
  for (size_t entry = lists.offsets[unit_number]; entry < lists.offsets[unit_number + 1]; ++entry) {
    if (lists.starts[entry] < 0) continue;
    const size_t first = static_cast<size_t>(lists.starts[entry]) * lists.block;
    const size_t end = std::min(length, first + (lists.lengths ? lists.lengths[entry] : lists.block));
    for (size_t row = first; row < end; ++row) seen.list.push_back(static_cast<uint32_t>(row));
  }
  seen.count = seen.list.size();
  return seen;
}

// A part of a unit's work: some of its queries, over some of its rows.
struct Portion {
  size_t unit;
  size_t first_query;
  size_t query_count;
  size_t first_row;  // among the rows of all parts, one after the other
  size_t end_row;
};

struct PartialResult {
  std::vector<float> greatest, sums, out;
};

struct UnitWork {
  Unit unit;
  std::vector<SeenRows> seen;
  size_t rows = 0;
  size_t first_portion = 0;
};

class Attention {
 public:
  Attention(const AttentionShape& shape, const std::vector<KeyPart>& parts, const ResultRows& output, const ResultRows& log_sum_exp)
      : shape_(shape), parts_(parts), output_(output), log_sum_exp_(log_sum_exp) {
    value_dims_ = output.dims;
    out_stride_ = (value_dims_ + 15) / 16 * 16;
    for (const KeyPart& part : parts) with_squares_ |= part.variances.data != nullptr;
    for (const Unit& unit : units_of(shape)) units_.push_back({unit, {}});
  }

  void run(const Control& control) {
    // Units in turns, so that the lists and partial results of few are in memory at a time.
    const size_t at_a_time = std::max<size_t>(4 * shape_.threads, 16);
    for (size_t begin = 0; begin < units_.size(); begin += at_a_time) {
      if (control.cancelled && *control.cancelled) return;
      const size_t end = std::min(units_.size(), begin + at_a_time);
      parallel::parallel_for(shape_.threads, end - begin, [&](size_t i) { find_rows(begin + i); });
      plan(begin, end);
      parallel::parallel_for(shape_.threads, portions_.size(), [&](size_t i) {
        if (!control.cancelled || !*control.cancelled) attend(portions_[i], results_[i]);
      });
      for (size_t i = begin; i < end; ++i) finish(units_[i]);
      if (control.advance) control.advance(static_cast<double>(end) / static_cast<double>(units_.size()));
    }
  }

 private:
  void find_rows(size_t index) {
    UnitWork& work = units_[index];
    for (size_t part = 0; part < parts_.size(); ++part) {
      work.seen.push_back(seen_rows(parts_[part], part, work.unit, index));
      work.rows += work.seen.back().count;
    }
  }

  void plan(size_t begin, size_t end) {
    portions_.clear();
    for (size_t index = begin; index < end; ++index) {
      UnitWork& work = units_[index];
      work.first_portion = portions_.size();
      const size_t queries = (work.unit.to - work.unit.from) * shape_.group;
      for (size_t query = 0; query < queries; query += kQueriesAtATime) {
        for (size_t row = 0; row < std::max<size_t>(work.rows, 1); row += kRowsAtATime) {
          portions_.push_back({index, query, std::min(kQueriesAtATime, queries - query), row, std::min(work.rows, row + kRowsAtATime)});
        }
      }
    }
    results_.assign(portions_.size(), {});
  }

  void attend(const Portion& portion, PartialResult& result) {
    static const auto attend_kernel = MERGANSER_SELECT(attend_rows);
    const UnitWork& work = units_[portion.unit];
    const UnitQueries queries(shape_, work.unit, 1, with_squares_);
    result.greatest.assign(portion.query_count, kNothingSeen);
    result.sums.assign(portion.query_count, 0);
    result.out.assign(portion.query_count * out_stride_, 0);
    std::vector<uint32_t> limits(portion.query_count);
    size_t before = 0;
    for (const SeenRows& seen : work.seen) {
      const size_t from = std::max(portion.first_row, before), to = std::min(portion.end_row, before + seen.count);
      const KeyPart& part = parts_[seen.part];
      if (from < to) {
        RowsToAttend rows = rows_of(part, work.unit, seen, queries, portion);
        rows.first = from - before;
        rows.count = to - from;
        if (part.causal) {
          for (size_t i = 0; i < limits.size(); ++i) {
            // Query i of n sees the rows up to i + length − n.
            const size_t visible = queries.row(portion.first_query + i) + 1 + part.lengths[work.unit.sequence];
            const size_t all = shape_.query_lengths[work.unit.sequence];
            limits[i] = static_cast<uint32_t>(visible > all ? visible - all : 0);
          }
          rows.limits = limits.data();
          if (!rows.list) rows.count = std::min(rows.count, visible_rows(limits, rows.first));
        }
        attend_kernel(rows, {result.greatest.data(), result.sums.data(), result.out.data(), out_stride_});
      }
      before += seen.count;
    }
  }

  static size_t visible_rows(const std::vector<uint32_t>& limits, size_t first) {
    const size_t most = *std::max_element(limits.begin(), limits.end());
    return most > first ? most - first : 0;
  }

  RowsToAttend rows_of(const KeyPart& part, const Unit& unit, const SeenRows& seen, const UnitQueries& queries, const Portion& portion) const {
    RowsToAttend rows{};
    rows.keys = part.keys.rows_of(unit.sequence, unit.kv_head);
    rows.values = part.values.rows_of(unit.sequence, unit.kv_head);
    rows.variances = part.variances.data ? part.variances.rows_of(unit.sequence, unit.kv_head) : RowSet{};
    rows.bias = part.bias.data ? reinterpret_cast<const float*>(part.bias.head(unit.sequence, unit.kv_head)) : nullptr;
    rows.bias_stride = part.bias.row_stride;
    rows.list = seen.listed ? seen.list.data() : nullptr;
    rows.queries = queries.numbers() + portion.first_query * queries.stride();
    rows.squares = with_squares_ ? queries.squares() + portion.first_query * queries.stride() : nullptr;
    rows.query_stride = queries.stride();
    rows.query_count = portion.query_count;
    return rows;
  }

  // Joins the portions of each query in their order.
  void finish(UnitWork& work) {
    const UnitQueries queries(shape_, work.unit, 1, false);
    const size_t chunks = std::max<size_t>((work.rows + kRowsAtATime - 1) / kRowsAtATime, 1);
    std::vector<double> total(value_dims_);
    for (size_t query = 0; query < queries.count(); ++query) {
      const PartialResult* const first = &results_[work.first_portion + query / kQueriesAtATime * chunks];
      const size_t at = query % kQueriesAtATime;
      float greatest = kNothingSeen;
      for (size_t i = 0; i < chunks; ++i) greatest = std::max(greatest, first[i].greatest[at]);
      double sum = 0;
      std::fill(total.begin(), total.end(), 0.0);
      for (size_t i = 0; i < chunks; ++i) {
        const double weight = std::exp2(static_cast<double>(first[i].greatest[at]) - static_cast<double>(greatest));
        sum += weight * static_cast<double>(first[i].sums[at]);
        const float* const out = first[i].out.data() + at * out_stride_;
        for (size_t dim = 0; dim < value_dims_; ++dim) total[dim] += weight * static_cast<double>(out[dim]);
      }
      const bool seen = greatest > kNothingSeen;
      float* const output = output_.row(work.unit.sequence, queries.head(query), queries.row(query));
      for (size_t dim = 0; dim < value_dims_; ++dim) output[dim] = seen ? static_cast<float>(total[dim] / sum) : 0.f;
      *log_sum_exp_.row(work.unit.sequence, queries.head(query), queries.row(query)) =
          seen ? static_cast<float>((static_cast<double>(greatest) + std::log2(sum)) * 0.6931471805599453) : -std::numeric_limits<float>::infinity();
    }
    work.seen.clear();
    work.seen.shrink_to_fit();
  }

  const AttentionShape& shape_;
  const std::vector<KeyPart>& parts_;
  const ResultRows output_, log_sum_exp_;
  size_t value_dims_, out_stride_;
  bool with_squares_ = false;
  std::vector<UnitWork> units_;
  std::vector<Portion> portions_;
  std::vector<PartialResult> results_;
};

}  // namespace

void attend(const AttentionShape& shape, const std::vector<KeyPart>& parts, const ResultRows& output, const ResultRows& log_sum_exp, const Control& control) {
  Attention(shape, parts, output, log_sum_exp).run(control);
}

}  // namespace merganser::attention
