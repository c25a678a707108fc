#include "merganser/attention/attend_matrix_tiles.hpp"

#include "merganser/attention/attend_tiles.hpp"
#include "merganser/attention/next_block.hpp"
#include "merganser/attention/raise_greatest.hpp"
#include "merganser/attention/tile_products.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

namespace {

using namespace simd::MERGANSER_ISA_NS;

// Numbers from one query's logits to the next: not a multiple of 4 KB for any few of them. From logits to what variances add to them.
constexpr size_t kLogitStride = kBlockRows + kTileSide, kPlane = kTileQueries * kLogitStride;
// From weights' first parts to their second ones.
constexpr size_t kPartApart = kPairSteps * 2 * kWholeTile;

bool are_bytes(const RowsToAttend& rows) { return rows.keys.type == RowType::int8; }
size_t parts_of(const RowsToAttend& rows) { return rows.plain ? 1 : are_bytes(rows) ? kByteQueryParts : kQueryParts; }
size_t weight_parts_of(const RowsToAttend& rows) { return rows.plain ? 1 : kWeightParts; }

// 2^x, for x < 128, within 10⁻⁷ of it; what is too small for single precision is 0, and NaN stays NaN.
constexpr float kExp2FromFloor[6] = {0.99999994f, 0.693153083f, 0.240153611f, 0.0558263175f, 0.00898933969f, 0.00187757669f};
MERGANSER_INLINE __m512 exp2_of(__m512 x) {
  constexpr int kDown = 1;
  const __m512 rest = _mm512_reduce_ps(x, kDown);
  __m512 result = _mm512_set1_ps(kExp2FromFloor[5]);
#pragma GCC unroll 5
  for (int i = 4; i >= 0; --i) result = _mm512_fmadd_ps(result, rest, _mm512_set1_ps(kExp2FromFloor[i]));
  return _mm512_scalef_ps(result, x);
}

// The upper halves of both as pairs.
MERGANSER_INLINE __m512i upper_halves(__m512i one, __m512i other) { return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(one, 16), other); }

// 32 weights as pairs of bfloat16: rounded, or split.
template <bool kSplit>
MERGANSER_INLINE void put_weights(__m512 one, __m512 other, uint16_t* to) {
  const __m512i half = _mm512_set1_epi32(0x8000);
  if constexpr (!kSplit) {
    _mm512_store_si512(to, upper_halves(_mm512_add_epi32(_mm512_castps_si512(one), half), _mm512_add_epi32(_mm512_castps_si512(other), half)));
    return;
  }
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xFFFF0000));
  const auto rest = [&](__m512 x) { return _mm512_add_epi32(_mm512_castps_si512(_mm512_sub_ps(x, _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), upper)))), half); };
  _mm512_store_si512(to, upper_halves(_mm512_castps_si512(one), _mm512_castps_si512(other)));
  _mm512_store_si512(to + kPartApart, upper_halves(rest(one), rest(other)));
}

// A tile of queries that has met a block, as far as it is: its logits, then its weights.
struct TileWork {
  size_t query, count, seen;
  alignas(64) float logits[2 * kPlane];
  alignas(64) uint16_t weights[kWeightParts * kPartApart];

  // Steps of 32 rows.
  size_t steps() const { return steps_of(seen); }
};

class MatrixAttention {
 public:
  MatrixAttention(const RowsToAttend& rows, const Running& running, float* memory)
      : rows_(rows), running_(running), steps_(steps_of(rows.keys.dims)), parts_(parts_of(rows)), weight_parts_(weight_parts_of(rows)), factor_(rows.plain ? rows.query_factor : 1) {
    queries_ = reinterpret_cast<uint16_t*>((reinterpret_cast<uintptr_t>(memory) + 63) / 64 * 64);
    squares_ = queries_ + tiles_of_queries(rows) * size_of_queries(rows.keys.dims, parts_);
    keys_ = squares_ + size_of_squares(rows);
    variances_ = keys_ + size_of_keys(rows.keys.dims);
    values_ = variances_ + (rows.variances.data ? size_of_keys(rows.keys.dims) : 0);
    works_ = reinterpret_cast<TileWork*>(values_ + size_of_values(rows.values.dims));
  }
  static size_t memory(const RowsToAttend& rows) {
    const size_t numbers = tiles_of_queries(rows) * size_of_queries(rows.keys.dims, parts_of(rows)) + size_of_squares(rows) + size_of_keys(rows.keys.dims) * (rows.variances.data ? 2 : 1) +
                           size_of_values(rows.values.dims);
    return 16 + numbers / 2 + kWorks * sizeof(TileWork) / sizeof(float);
  }

  void run() {
    pack_pairs_of_queries(rows_, rows_.plain, rows_.queries, parts_, queries_);
    if (rows_.variances.data) pack_pairs_of_queries(rows_, nullptr, rows_.squares, kByteQueryParts, squares_);
    for (size_t from = 0; from < rows_.count; from += kBlockRows) {
      find_block(rows_, from, block_);
      pack_keys_in_pairs(rows_.keys, block_, keys_);
      pack_values_in_pairs(rows_.values, block_, values_);
      if (rows_.variances.data) pack_keys_in_pairs(rows_.variances, block_, variances_);
      find_starts(rows_, block_, starts_);
      if (are_bytes(rows_)) find_scales();
      attend_block(from);
    }
    products_.end();
  }

 private:
  static size_t size_of_squares(const RowsToAttend& rows) { return rows.variances.data ? tiles_of_queries(rows) * size_of_queries(rows.keys.dims, kByteQueryParts) : 0; }

  // Of the block's rows.
  void find_scales() {
    for (size_t i = 0; i < kBlockRows; ++i) {
      const uint32_t row = block_.rows[i];
      key_scales_[i] = (rows_.scales ? rows_.scales[row] : 1) * factor_;
      variance_scales_[i] = rows_.variance_scales ? rows_.variance_scales[row] : 1;
      value_scales_[i] = rows_.value_scales ? rows_.value_scales[row] : 1;
    }
  }

  // One tile's logits become weights, while the next one's logits and the weighted sums of the one before are made.
  void attend_block(size_t from) {
    NextBlock ahead(rows_, from + kBlockRows, tiles_of_queries(rows_));
    size_t query = 0, number = 0;
    TileWork *before = nullptr, *now = nullptr;
    do {
      ahead.ask();
      TileWork* const next = begin(query, works_[number++ % kWorks]);
      if (next) push_logits(*next, queries_, keys_, parts_, next->logits);
      if (next && rows_.variances.data) push_logits(*next, squares_, variances_, kByteQueryParts, next->logits + kPlane);
      if (before) push_values(*before);
      if (now) soften(*now);
      products_.make_all();
      products_.clear();
      before = now, now = next;
    } while (before || now);
  }

  // The next tile from `query` on that sees some of the block, if there is one.
  TileWork* begin(size_t& query, TileWork& work) const {
    for (; query < rows_.query_count; query += kTileQueries) {
      const size_t count = rows_.query_count - query < kTileQueries ? rows_.query_count - query : kTileQueries, seen = seen_rows(query, count);
      if (seen == 0) continue;
      work.query = query, work.count = count, work.seen = seen;
      query += kTileQueries;
      return &work;
    }
    return nullptr;
  }

  // How many of the block's rows some of a tile's queries see.
  size_t seen_rows(size_t query, size_t count) const {
    if (!rows_.limits || rows_.list) return block_.count;
    uint32_t limit = 0;
    for (size_t q = 0; q < count; ++q) limit = rows_.limits[query + q] > limit ? rows_.limits[query + q] : limit;
    if (limit <= block_.rows[0]) return 0;
    return limit - block_.rows[0] < block_.count ? limit - block_.rows[0] : block_.count;
  }

  void push_logits(const TileWork& work, const uint16_t* all_queries, const uint16_t* all_keys, size_t parts, float* logits) {
    const uint16_t* const queries = all_queries + work.query / kTileQueries * size_of_queries(rows_.keys.dims, parts);
    for (size_t step = 0; step < work.steps(); ++step) {
      const uint16_t *keys = all_keys + 2 * step * steps_ * kWholeTile, *at = queries;
      for (size_t dims = 0; dims < steps_; ++dims, keys += kWholeTile) {
        for (size_t part = 0; part < parts; ++part, at += 2 * kWholeTile) {
          const bool first = dims == 0 && part == 0, last = dims + 1 == steps_ && part + 1 == parts;
          products_.push({at, part == 0 ? keys : nullptr, keys + steps_ * kWholeTile, first ? Products::Step::zero : Products::Step::none, last ? Products::Step::sums : Products::Step::none,
                          logits + step * kTileNumbers, kLogitStride});
        }
      }
    }
  }

  void push_values(const TileWork& work) {
    float* const out = running_.out + work.query * running_.out_stride;
    const size_t panels = (rows_.values.dims + 15) / 16;
    for (size_t panel = 0; panel < panels; panel += 2) {
      // A row of sums ends with its last sixteen columns.
      const auto sums = panel + 2 <= panels ? Products::Step::sums : Products::Step::half_sums;
      const uint16_t* values = values_ + panel * kPairSteps * kWholeTile;
      for (size_t step = 0; step < work.steps(); ++step, values += kWholeTile) {
        for (size_t part = 0; part < weight_parts_; ++part) {
          const bool first = step == 0 && part == 0, last = step + 1 == work.steps() && part + 1 == weight_parts_;
          products_.push({work.weights + part * kPartApart + step * 2 * kWholeTile, part == 0 ? values : nullptr, values + kPairSteps * kWholeTile, first ? sums : Products::Step::none,
                          last ? sums : Products::Step::none, out + 16 * panel, running_.out_stride});
        }
      }
    }
  }

  // How many steps' logits are products and nothing else, for all queries of a tile.
  size_t plain_steps(const TileWork& work) const {
    if (rows_.bias || rows_.log_counts || !(factor_ > 0)) return 0;
    size_t rows = work.seen;
    for (size_t q = 0; q < work.count && rows_.limits; ++q) {
      const uint32_t limit = rows_.limits[work.query + q], first = block_.rows[0];
      if (rows_.list || limit <= first) return 0;
      if (limit - first < rows) rows = limit - first;
    }
    return rows / kTileNumbers;
  }

  // Steps whose logits are: all products and nothing else, some of them, or products of bytes.
  enum class Steps : uint8_t { plain, some_plain, bytes };

  void soften(TileWork& work) {
    // Weights are made in so many turns.
    const size_t turns = work.count * work.steps(), every = products_.left() >= turns ? 1 : turns / (products_.left() + 1);
    if (are_bytes(rows_)) return weight_parts_ == 1 ? soften_each<false, Steps::bytes>(work, 0, every) : soften_each<true, Steps::bytes>(work, 0, every);
    const size_t plain = plain_steps(work);
    if (weight_parts_ == 1) plain == work.steps() ? soften_each<false, Steps::plain>(work, plain, every) : soften_each<false, Steps::some_plain>(work, plain, every);
    else soften_each<true, Steps::some_plain>(work, plain, every);
  }

  // Sixteen logits of a query above `below`: hidden ones are kUnseen. Rounded once where rows begin with 0, as those of steps that are plain: which steps are depends on the tile.
  MERGANSER_INLINE __m512 logits_at(const float* logits, size_t row, __m512i limit, __m512 below) const {
    const __m512 start = _mm512_add_ps(_mm512_load_ps(starts_ + row), below);
    const __m512 logit = _mm512_fmadd_ps(_mm512_load_ps(logits + row), _mm512_set1_ps(factor_), start);
    return _mm512_mask_mov_ps(logit, _mm512_cmpge_epu32_mask(_mm512_loadu_si512(block_.rows + row), limit), _mm512_set1_ps(kUnseen));
  }

  // Products of bytes become logits: sixteen of them.
  MERGANSER_INLINE __m512 put_logits(float* logits, size_t row) const {
    __m512 logit = _mm512_fmadd_ps(_mm512_load_ps(logits + row), _mm512_load_ps(key_scales_ + row), _mm512_load_ps(starts_ + row));
    if (rows_.variances.data) logit = _mm512_fmadd_ps(_mm512_load_ps(logits + kPlane + row), _mm512_load_ps(variance_scales_ + row), logit);
    _mm512_store_ps(logits + row, logit);
    return logit;
  }

  // From a query's logits to weights, relative to the greatest so far, which may rise.
  template <bool kSplit, Steps kKind>
  void soften_each(TileWork& work, size_t plain, size_t every) {
    for (size_t q = 0; q < work.count; ++q) soften<kSplit, kKind>(work, q, plain, every);
  }
  template <bool kSplit, Steps kKind>
  void soften(TileWork& work, size_t q, size_t plain, size_t every) {
    constexpr bool kBytes = kKind == Steps::bytes;
    const size_t at = work.query + q, steps = kKind == Steps::plain ? plain : work.steps();
    float* const logits = work.logits + q * kLogitStride;
    const __m512i limit = _mm512_set1_epi32(rows_.limits ? static_cast<int>(rows_.limits[at]) : -1);
    __m512 most[2] = {_mm512_set1_ps(kNothingSeen), _mm512_set1_ps(kNothingSeen)};
    for (size_t step = 0; step < plain; ++step) {
      for (size_t half = 0; half < 2; ++half) most[half] = _mm512_max_ps(most[half], _mm512_load_ps(logits + 32 * step + 16 * half));
    }
    if (plain > 0) most[0] = _mm512_mul_ps(_mm512_max_ps(most[0], most[1]), _mm512_set1_ps(factor_)), most[1] = most[0];
    for (size_t step = plain; step < steps; ++step) {
      for (size_t half = 0; half < 2; ++half) {
        const size_t row = 32 * step + 16 * half;
        most[half] = _mm512_max_ps(most[half], kBytes ? put_logits(logits, row) : logits_at(logits, row, limit, _mm512_setzero_ps()));
      }
    }
    const float greatest = _mm512_reduce_max_ps(_mm512_max_ps(most[0], most[1]));
    if (greatest > running_.greatest[at]) raise_greatest(running_, at, greatest, 16 * ((rows_.values.dims + 15) / 16));
    const __m512 below = _mm512_set1_ps(-running_.greatest[at]), factor = _mm512_set1_ps(kBytes ? 1 : factor_);
    __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    uint16_t* weights = work.weights + q / kTileSide * kWholeTile + q % kTileSide * kTileNumbers;
    const auto put = [&](size_t row, __m512 first_power, __m512 second_power) {
      __m512 first = exp2_of(first_power), second = exp2_of(second_power);
      sums[0] = _mm512_add_ps(sums[0], first), sums[1] = _mm512_add_ps(sums[1], second);
      if constexpr (kBytes) first = _mm512_mul_ps(first, _mm512_load_ps(value_scales_ + row)), second = _mm512_mul_ps(second, _mm512_load_ps(value_scales_ + row + 16));
      put_weights<kSplit>(first, second, weights);
      weights += 2 * kWholeTile;
      if (++turn_ >= every) turn_ = 0, products_.make_one();
    };
    // The greatest logit is rounded; a power need not be, unless logits are so large that this is all there is of it.
    const bool fused = __builtin_fabsf(running_.greatest[at]) < 0x1p26f;
    const size_t fused_steps = kBytes ? steps : fused ? plain : 0;
    for (size_t step = 0; step < fused_steps; ++step) {
      const auto power = [&](size_t row) { return _mm512_fmadd_ps(_mm512_load_ps(logits + row), factor, below); };
      put(32 * step, power(32 * step), power(32 * step + 16));
    }
    for (size_t step = fused_steps; step < steps; ++step) {
      const auto power = [&](size_t row) {
        return fused ? logits_at(logits, row, limit, below) : _mm512_add_ps(logits_at(logits, row, limit, _mm512_setzero_ps()), below);
      };
      put(32 * step, power(32 * step), power(32 * step + 16));
    }
    running_.sums[at] += total({_mm512_add_ps(sums[0], sums[1])});
  }

  // One whose logits are made, one whose logits become weights, one whose weights are used.
  static constexpr size_t kWorks = 3;
  const RowsToAttend& rows_;
  const Running& running_;
  const size_t steps_, parts_, weight_parts_;
  const float factor_;
  uint16_t *queries_, *squares_, *keys_, *variances_, *values_;
  TileWork* works_;
  Products products_;
  size_t turn_ = 0;
  Block block_;
  alignas(64) float starts_[kBlockRows];
  alignas(64) float key_scales_[kBlockRows], variance_scales_[kBlockRows], value_scales_[kBlockRows];  // of rows of bytes
};

}  // namespace

size_t matrix_tile_memory(const RowsToAttend& rows) { return MatrixAttention::memory(rows); }
void attend_matrix_tiles(const RowsToAttend& rows, const Running& running, float* memory) { MatrixAttention(rows, running, memory).run(); }

#else

size_t matrix_tile_memory(const RowsToAttend& rows) { return tile_memory(rows); }
void attend_matrix_tiles(const RowsToAttend& rows, const Running& running, float* memory) { attend_tiles(rows, running, memory); }

#endif

}  // namespace merganser::attention::MERGANSER_ISA_NS
