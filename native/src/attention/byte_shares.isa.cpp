#include "merganser/attention/byte_shares.hpp"

#include "merganser/attention/byte_products.hpp"
#include "merganser/simd/floats16_rows.hpp"
#include "merganser/simd/matrix_tiles.hpp"

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

// The same of matrix tiles.
constexpr size_t kMatrixTile = 32;

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
    for (size_t i = 0; i < panels.pairs(); ++i, pairs += kTile, numbers += kPairBytes) {
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

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

// Some queries, number by number, in two bytes: 256 × high + low.
struct ByteRowTile {
  alignas(64) uint8_t low[kMatrixTile * kMaxDims], high[kMatrixTile * kMaxDims];
  float scales[kMatrixTile];
  size_t count;
};

void take_queries(const FloatQueries& queries, size_t first, size_t dims, ByteRowTile& tile) {
  const size_t stride = byte_steps_of(dims) * kByteStep;
  tile.count = queries.count - first < kMatrixTile ? queries.count - first : kMatrixTile;
  for (size_t q = 0; q < kMatrixTile; ++q) {
    alignas(64) int32_t pairs[kMaxDims / 2] = {};
    tile.scales[q] = q < tile.count ? to_whole(queries.numbers + (first + q) * queries.stride, pairs_of(dims), 1, pairs) : 0;
    for (size_t dim = 0; dim < stride; dim += 32) {
      const __m512i numbers = _mm512_load_si512(pairs + dim / 2);
      _mm256_store_si256(reinterpret_cast<__m256i*>(tile.low + q * stride + dim), _mm512_cvtepi16_epi8(numbers));
      _mm256_store_si256(reinterpret_cast<__m256i*>(tile.high + q * stride + dim), _mm512_cvtepi16_epi8(_mm512_srai_epi16(numbers, 8)));
    }
  }
}

// As the others, of 32 queries. While the products of two panels are made, those of the two before become logits.
void tile_logits(simd::MERGANSER_ISA_NS::MatrixTiles& tiles, const BytePanels& panels, const ByteRowTile& tile, float* logits, Floats16* most) {
  const size_t room = panels.centroids(), steps = byte_steps_of(panels.dims), stride = steps * kByteStep;
  alignas(64) int32_t sums[2][2][kMatrixTile * kByteColumns];
  for (size_t q = 0; q < kMatrixTile; ++q) most[q] = Floats16::broadcast(kNothingSeen);
  for (size_t at = 0; at < room + kByteColumns; at += kByteColumns) {
    const size_t turn = at / kByteColumns % 2;
    if (at < room) {
      const int8_t* const columns = panels.numbers + at * stride;
      tiles.clear();
      tiles.add(tile.low, stride, columns, steps);
      tiles.store(sums[turn][0]);
      tiles.clear();
      tiles.add<true>(tile.high, stride, columns, steps);
      tiles.store(sums[turn][1]);
    }
    if (at == 0) continue;
    const size_t before = at - kByteColumns;
    for (size_t half = 0; half < kByteColumns; half += kBytePanel) {
      const Floats16 scales = Floats16::load(panels.scales + before + half), hidden = Floats16::load(panels.hidden + before + half);
#pragma GCC unroll 4
      for (size_t q = 0; q < kMatrixTile; ++q) {
        const __m512i low = _mm512_load_si512(&sums[1 - turn][0][q * kByteColumns + half]), high = _mm512_load_si512(&sums[1 - turn][1][q * kByteColumns + half]);
        const Floats16 whole = {_mm512_cvtepi32_ps(_mm512_add_epi32(low, _mm512_slli_epi32(high, 8)))};
        Floats16 logit = hidden;
        logit.add_product(Floats16::factor(tile.scales[q]), product_of(whole, scales));
        logit.store(logits + q * room + before + half);
        most[q].take_greater(logit);
      }
    }
  }
}

#endif

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

template <size_t kCount>
void add_weights(const float* weights, size_t room, const float* parts, float* shares) {
  Floats16::Factor factors[kCount];
#pragma GCC unroll 24
  for (size_t q = 0; q < kCount; ++q) factors[q] = Floats16::factor(parts[q]);
  for (size_t i = 0; i < room; i += 16) {
    Floats16 share = Floats16::load(shares + i);
#pragma GCC unroll 24
    for (size_t q = 0; q < kCount; ++q) share.add_product(factors[q], Floats16::load(weights + q * room + i));
    share.store(shares + i);
  }
}

// From logits of a tile, which has so many rows of which `count` are queries, to shares.
template <size_t kHeight, size_t kAtOnce>
void add_shares_of_tile(const BytePanels& panels, size_t count, float* logits, const Floats16* most, float* shares) {
  const size_t room = panels.centroids();
  float parts[kHeight] = {};
  for (size_t q = 0; q < count; q += 2) soften(panels, logits + q * room, logits + (q + 1) * room, most + q, parts + q);
  for (size_t q = count; q < kHeight; ++q) parts[q] = 0;
  for (size_t q = 0; q < kHeight; q += kAtOnce) add_weights<kAtOnce>(logits + q * room, room, parts + q, shares);
}

template <bool vnni>
void add_shares_of_all(const BytePanels& panels, const FloatQueries& queries, float* logits, float* shares) {
  QueryTile tile;
  Floats16 most[kTile];
  for (size_t first = 0; first < queries.count; first += kTile) {
    take_queries(queries, first, panels.pairs(), tile);
    tile_logits<vnni>(panels, tile, logits, most);
    add_shares_of_tile<kTile, kTile>(panels, tile.count, logits, most, shares);
  }
}

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

void add_shares_by_tiles(const BytePanels& panels, const FloatQueries& queries, float* logits, float* shares) {
  simd::MERGANSER_ISA_NS::MatrixTiles tiles;
  ByteRowTile tile;
  Floats16 most[kMatrixTile];
  for (size_t first = 0; first < queries.count; first += kMatrixTile) {
    take_queries(queries, first, panels.dims, tile);
    tile_logits(tiles, panels, tile, logits, most);
    add_shares_of_tile<kMatrixTile, kMatrixTile / 2>(panels, tile.count, logits, most, shares);
  }
  tiles.release();
}

#endif

}  // namespace

size_t byte_shares_memory(const BytePanels& panels) { return (panels.for_matrix_tiles ? kMatrixTile : kTile) * panels.centroids(); }

void add_byte_shares(const BytePanels& panels, const FloatQueries& queries, float* memory, float* shares) {
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (panels.for_matrix_tiles) return add_shares_by_tiles(panels, queries, memory, shares);
#endif
  if (has_vnni()) add_shares_of_all<true>(panels, queries, memory, shares);
  else add_shares_of_all<false>(panels, queries, memory, shares);
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
