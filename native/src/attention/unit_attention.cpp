#include "merganser/attention/unit_attention.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "merganser/attention/attend_matrix_tiles.hpp"
#include "merganser/attention/attend_tiles.hpp"
#include "merganser/parallel/staged_for.hpp"

namespace merganser::attention {
namespace {

// Queries that are worked on together, whole tiles. The more, the less often rows are packed.
constexpr size_t kMostQueries = 1056, kTileOfQueries = 12;
// Of each thread, if there are so many queries.
constexpr size_t kPortions = 2, kFewestQueries = 96;
// From so many queries on they are what threads share, and portions have more rows: each begins with sums to be filled and ends with sums to be joined.
constexpr size_t kManyQueries = 192, kRowsOfMany = 8192;

// A part of a unit's work: some of its queries, over some of its rows.
struct Portion {
  size_t first_query;
  size_t query_count;
  size_t first_row;  // among all rows that the unit sees, one after the other
  size_t end_row;
};

class UnitAttention {
 public:
  UnitAttention(const AttentionShape& shape, const Portioning& portioning, const FindRows& find_rows, const ResultRows& output, const ResultRows& log_sum_exp)
      : shape_(shape), portioning_(portioning), find_rows_(find_rows), output_(output), log_sum_exp_(log_sum_exp), value_dims_(output.dims) {
    out_stride_ = (value_dims_ + 15) / 16 * 16;
  }

  // A thread that looks a unit up attends to its rows, too: nobody waits for others before the end.
  void run(const Control& control) {
    const std::vector<Unit> all = units_of(shape_);
    works_.resize(all.size());
    std::atomic<size_t> done{0};
    const auto cancelled = [&] { return control.cancelled && *control.cancelled; };
    const auto begin = [&](size_t i) -> size_t {
      UnitWork& work = works_[i];
      if (cancelled()) return 0;
      work.unit = all[i];
      work.index = i;
      work.queries = std::make_unique<UnitQueries>(shape_, work.unit, 1, portioning_.forms);
      find_rows_(work, std::max<unsigned>(1, static_cast<unsigned>(shape_.threads / all.size())));
      for (const SeenRows& seen : work.seen) work.rows += seen.count;
      work.queries_at_a_time = queries_at_a_time(work);
      const size_t pieces = chunks_of(work) * ((work.queries->count() + work.queries_at_a_time - 1) / work.queries_at_a_time);
      work.results = std::vector<PartialResult>(pieces);
      return pieces;
    };
    const auto end = [&](size_t i) {
      UnitWork& work = works_[i];
      if (!cancelled() && work.queries) finish(work);
      work = {};
      if (control.advance) control.advance(static_cast<double>(++done) / static_cast<double>(all.size()));
    };
    parallel::staged_for(shape_.threads, all.size(), {begin, [&](size_t i, size_t piece) {
                           if (!cancelled()) attend(works_[i], piece);
                         }, end});
  }

 private:
  // Each query is summed up alone, so how many go together does not change results. Few units are divided among the threads.
  size_t queries_at_a_time(const UnitWork& work) const {
    const size_t portions = works_.size() * chunks_of(work), queries = work.queries->count();
    const size_t pieces = (kPortions * shape_.threads + portions - 1) / portions;
    if (shape_.threads == 1 || pieces == 1) return kMostQueries;
    const size_t each = (queries + pieces - 1) / pieces;
    return std::clamp((each + kTileOfQueries - 1) / kTileOfQueries * kTileOfQueries, kFewestQueries, kMostQueries);
  }

  size_t rows_at_a_time(const UnitWork& work) const {
    return work.queries->count() < kManyQueries ? portioning_.rows_at_a_time : std::max(portioning_.rows_at_a_time, kRowsOfMany);
  }

  size_t chunks_of(const UnitWork& work) const { return std::max<size_t>((work.rows + rows_at_a_time(work) - 1) / rows_at_a_time(work), 1); }

  Portion portion_of(const UnitWork& work, size_t piece) const {
    const size_t chunks = chunks_of(work), step = rows_at_a_time(work), each = work.queries_at_a_time;
    const size_t query = piece / chunks * each, row = piece % chunks * step;
    return {query, std::min(each, work.queries->count() - query), row, std::min(work.rows, row + step)};
  }

  void attend(UnitWork& work, size_t piece) const {
    static const auto attend_kernel = MERGANSER_SELECT(attend_rows);
    static const auto tile_kernel = MERGANSER_SELECT(attend_tiles);
    static const auto tile_memory_of = MERGANSER_SELECT(tile_memory);
    static const auto matrix_kernel = MERGANSER_SELECT(attend_matrix_tiles);
    static const auto matrix_memory_of = MERGANSER_SELECT(matrix_tile_memory);
    const Portion portion = portion_of(work, piece);
    PartialResult& result = work.results[piece];
    const UnitQueries& queries = *work.queries;
    // As all queries of the unit, and not those of the portion, are: how they are divided must not change results.
    const bool tiled = queries.count() >= kTiledQueries;
    result.begin(portion.query_count + (!tiled ? 0 : portioning_.forms.plain ? kMatrixQueriesBehind : kQueriesBehind), out_stride_);
    std::vector<uint32_t> limits;
    KeptNumbers memory;
    size_t before = 0;
    for (const SeenRows& seen : work.seen) {
      const size_t from = std::max(portion.first_row, before), to = std::min(portion.end_row, before + seen.count);
      if (from < to) {
        RowsToAttend rows = seen.rows;
        rows.list = seen.listed ? seen.list.data() : nullptr;
        rows.queries = queries.numbers(portion.first_query);
        rows.squares = portioning_.forms.squares ? queries.squares() + portion.first_query * queries.stride() : nullptr;
        if (rows.logits) rows.logits += portion.first_query * rows.logit_stride;
        rows.query_stride = queries.stride();
        rows.query_count = portion.query_count;
        rows.first = from - before;
        rows.count = to - from;
        if (seen.causal) {
          limit(seen, work, portion, limits);
          rows.limits = limits.data();
          if (!rows.list) rows.count = std::min(rows.count, visible_rows(limits, rows.first));
        }
        const Running running{result.greatest, result.sums, result.out, out_stride_};
        if (!tiled || rows.logits) {
          attend_kernel(rows, running);
        } else if (portioning_.forms.plain && fit_matrix_tiles(rows)) {
          if (queries.plain()) rows.plain = queries.plain() + portion.first_query * queries.plain_stride();
          rows.query_factor = queries.factor();
          memory.resize(matrix_memory_of(rows));
          matrix_kernel(rows, running, memory.data());
        } else {
          memory.resize(tile_memory_of(rows));
          tile_kernel(rows, running, memory.data());
        }
      }
      before += seen.count;
    }
  }

  // Query i of n sees the rows up to i + length − n.
  void limit(const SeenRows& seen, const UnitWork& work, const Portion& portion, std::vector<uint32_t>& limits) const {
    limits.resize(portion.query_count);
    const size_t all = shape_.query_lengths[work.unit.sequence];
    for (size_t i = 0; i < limits.size(); ++i) {
      const size_t visible = work.queries->row(portion.first_query + i) + 1 + seen.length;
      limits[i] = static_cast<uint32_t>(visible > all ? visible - all : 0);
    }
  }

  static size_t visible_rows(const std::vector<uint32_t>& limits, size_t first) {
    const size_t most = *std::max_element(limits.begin(), limits.end());
    return most > first ? most - first : 0;
  }

  // Joins the portions of each query in their order.
  void finish(const UnitWork& work) const {
    const UnitQueries& queries = *work.queries;
    const size_t chunks = chunks_of(work);
    std::vector<double> total(chunks == 1 ? 0 : value_dims_);
    for (size_t query = 0; query < queries.count(); ++query) {
      const PartialResult* const first = &work.results[query / work.queries_at_a_time * chunks];
      const size_t at = query % work.queries_at_a_time;
      float* const output = output_.row(work.unit.sequence, queries.head(query), queries.row(query));
      float* const log_sum_exp = log_sum_exp_.row(work.unit.sequence, queries.head(query), queries.row(query));
      if (chunks == 1) {
        finish(*first, at, output, log_sum_exp);
        continue;
      }
      float greatest = kNothingSeen;
      for (size_t i = 0; i < chunks; ++i) greatest = std::max(greatest, first[i].greatest[at]);
      double sum = 0;
      std::fill(total.begin(), total.end(), 0.0);
      for (size_t i = 0; i < chunks; ++i) {
        const double weight = std::exp2(static_cast<double>(first[i].greatest[at]) - static_cast<double>(greatest));
        sum += weight * static_cast<double>(first[i].sums[at]);
        const float* const out = first[i].out + at * out_stride_;
        for (size_t dim = 0; dim < value_dims_; ++dim) total[dim] += weight * static_cast<double>(out[dim]);
      }
      const bool seen = has_seen(greatest, sum);
      for (size_t dim = 0; dim < value_dims_; ++dim) output[dim] = seen ? static_cast<float>(total[dim] / sum) : 0.f;
      *log_sum_exp = seen ? natural(greatest, sum) : -std::numeric_limits<float>::infinity();
    }
  }

  // Of one portion: quotients of single precision are what rounding those of double would give.
  void finish(const PartialResult& result, size_t at, float* output, float* log_sum_exp) const {
    const float* const out = result.out + at * out_stride_;
    const float sum = result.sums[at];
    const bool seen = has_seen(result.greatest[at], static_cast<double>(sum));
    if (seen) for (size_t dim = 0; dim < value_dims_; ++dim) output[dim] = out[dim] / sum;
    else std::fill_n(output, value_dims_, 0.f);
    *log_sum_exp = seen ? natural(result.greatest[at], static_cast<double>(sum)) : -std::numeric_limits<float>::infinity();
  }

  // Logits that are NaN are greater than none.
  static bool has_seen(float greatest, double sum) { return greatest > kNothingSeen || std::isnan(sum); }

  static float natural(float greatest, double sum) {
    return static_cast<float>((static_cast<double>(greatest) + std::log2(sum)) * 0.6931471805599453);
  }

  const AttentionShape& shape_;
  const Portioning portioning_;
  const FindRows& find_rows_;
  const ResultRows output_, log_sum_exp_;
  size_t value_dims_, out_stride_;
  std::vector<UnitWork> works_;
};

}  // namespace

void attend_units(const AttentionShape& shape, const Portioning& portioning, const FindRows& find_rows, const ResultRows& output,
                  const ResultRows& log_sum_exp, const Control& control) {
  UnitAttention(shape, portioning, find_rows, output, log_sum_exp).run(control);
}

}  // namespace merganser::attention
