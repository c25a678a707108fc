#include "merganser/attention/byte_shares.hpp"

#include "merganser/attention/byte_products.hpp"
#include "merganser/simd/floats16_rows.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

// Queries of a tile.
#if defined(__AVX512BW__)
constexpr size_t kTile = 24;
#elif defined(__AVX2__)
constexpr size_t kTile = 6;
#else
constexpr size_t kTile = 4;
#endif

// Some queries, side by side: [pair][query].
struct QueryTile {
  int32_t pairs[pairs_of(kMaxDims) * kTile];
  float scales[kTile];
  size_t count;
};

void take_queries(const FloatQueries& queries, size_t first, size_t pairs, QueryTile& tile) {
  tile.count = queries.count - first < kTile ? queries.count - first : kTile;
  for (size_t q = 0; q < tile.count; ++q) tile.scales[q] = to_whole(queries.numbers + (first + q) * queries.stride, pairs, kTile, tile.pairs + q);
  for (size_t q = tile.count; q < kTile; ++q) {
    tile.scales[q] = 0;
    for (size_t i = 0; i < pairs; ++i) tile.pairs[i * kTile + q] = 0;
  }
}

// Logits of a tile, [query][centroid], and the greatest of each query, lane by lane.
template <bool vnni>
void tile_logits(const BytePanels& panels, const QueryTile& tile, float* logits, Floats16* most) {
  const size_t room = panels.centroids();
#pragma GCC unroll 24
  for (size_t q = 0; q < kTile; ++q) most[q] = Floats16::broadcast(kNothingSeen);
  const int8_t* numbers = panels.numbers;
  for (size_t at = 0; at < room; at += kBytePanel) {
    Sums16 sums[kTile];
#pragma GCC unroll 24
    for (size_t q = 0; q < kTile; ++q) sums[q] = Sums16::zero();
    const int32_t* pairs = tile.pairs;
    for (size_t i = 0; i < panels.pairs; ++i, pairs += kTile, numbers += kPairBytes) {
      const Sums16::Numbers some = Sums16::load(numbers);
#pragma GCC unroll 24
      for (size_t q = 0; q < kTile; ++q) sums[q].template add<vnni>(pairs + q, some);
    }
    const Floats16 scales = Floats16::load(panels.scales + at), hidden = Floats16::load(panels.hidden + at);
#pragma GCC unroll 24
    for (size_t q = 0; q < kTile; ++q) {
      Floats16 logit = hidden;
      logit.add_product(Floats16::factor(tile.scales[q]), product_of(sums[q].floats(), scales));
      logit.store(logits + q * room + at);
      most[q].take_greater(logit);
    }
  }
}

// From logits of two queries to weights, and 1 / Σ sizes × weights of each.
void soften(const BytePanels& panels, float* first, float* second, const Floats16* most, float* parts) {
  // Vectors that are summed up in single precision.
  constexpr size_t kSummed = 8 * 16;
  const size_t room = panels.centroids();
  float* const logits[2] = {first, second};
  const Floats16 greatest[2] = {Floats16::broadcast(most[0].greatest()), Floats16::broadcast(most[1].greatest())};
  double all[2] = {};
  for (size_t from = 0; from < room; from += kSummed) {
    Floats16 sums[2] = {Floats16::broadcast(0), Floats16::broadcast(0)};
    for (size_t i = from; i < room && i < from + kSummed; i += 32) {
      Floats16 weights[2][2];
#pragma GCC unroll 2
      for (size_t q = 0; q < 2; ++q) {
        weights[q][0] = Floats16::load(logits[q] + i);
        weights[q][1] = Floats16::load(logits[q] + i + 16);
      }
      exp2_below_each<2>(weights, greatest);
#pragma GCC unroll 2
      for (size_t q = 0; q < 2; ++q) {
#pragma GCC unroll 2
        for (size_t p = 0; p < 2; ++p) {
          weights[q][p].store(logits[q] + i + 16 * p);
          add_products(sums[q], weights[q][p], Floats16::load(panels.sizes + i + 16 * p));
        }
      }
    }
    all[0] += static_cast<double>(total(sums[0]));
    all[1] += static_cast<double>(total(sums[1]));
  }
  for (size_t q = 0; q < 2; ++q) parts[q] = all[q] == 0 ? 0.f : static_cast<float>(1 / all[q]);
}

void add_weights(const float* weights, size_t room, const float* parts, float* shares) {
  Floats16::Factor factors[kTile];
#pragma GCC unroll 24
  for (size_t q = 0; q < kTile; ++q) factors[q] = Floats16::factor(parts[q]);
  for (size_t i = 0; i < room; i += 16) {
    Floats16 share = Floats16::load(shares + i);
#pragma GCC unroll 24
    for (size_t q = 0; q < kTile; ++q) share.add_product(factors[q], Floats16::load(weights + q * room + i));
    share.store(shares + i);
  }
}

template <bool vnni>
void add_shares_of_all(const BytePanels& panels, const FloatQueries& queries, float* logits, float* shares) {
  const size_t room = panels.centroids();
  QueryTile tile;
  Floats16 most[kTile];
  for (size_t first = 0; first < queries.count; first += kTile) {
    take_queries(queries, first, panels.pairs, tile);
    tile_logits<vnni>(panels, tile, logits, most);
    float parts[kTile] = {};
    for (size_t q = 0; q < tile.count; q += 2) soften(panels, logits + q * room, logits + (q + 1) * room, most + q, parts + q);
    for (size_t q = tile.count; q < kTile; ++q) parts[q] = 0;
    add_weights(logits, room, parts, shares);
  }
}

}  // namespace

size_t byte_shares_memory(const BytePanels& panels) { return kTile * panels.centroids(); }

void add_byte_shares(const BytePanels& panels, const FloatQueries& queries, float* memory, float* shares) {
  if (has_vnni()) add_shares_of_all<true>(panels, queries, memory, shares);
  else add_shares_of_all<false>(panels, queries, memory, shares);
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
