#include <algorithm>
#include <cmath>

#include "merganser/attention/attention.hpp"
#include "merganser/attention/units.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::attention {
namespace {

// Queries whose logits are in memory at a time.
constexpr size_t kQueriesAtATime = 16;

void score_unit(const AttentionShape& shape, const Clusters& clusters, const Unit& unit, float* scores) {
  static const auto logits_kernel = MERGANSER_SELECT(row_logits);
  static const auto weights_kernel = MERGANSER_SELECT(weights_of_logits);
  const size_t count = clusters.count, room = (count + 15) / 16 * 16, stream = unit.sequence * shape.kv_heads + unit.kv_head;
  const uint32_t* const offsets = clusters.offsets + stream * (count + 1);
  std::vector<float> bias(room, kUnseen), logits(kQueriesAtATime * room), weights(room);
  for (size_t i = 0; i < count; ++i) {
    if (offsets[i + 1] > offsets[i]) bias[i] = std::log2(static_cast<float>(offsets[i + 1] - offsets[i]));
  }
  const UnitQueries queries(shape, unit, clusters.step, false);
  std::vector<double> sums(count, 0.0);
  const size_t element = clusters.type == RowType::float32 ? 4 : clusters.type == RowType::int8 ? 1 : 2;
  const size_t row_bytes = clusters.dims * element;
  RowsToAttend rows{};
  rows.keys = {static_cast<const uint8_t*>(clusters.centroids) + stream * count * row_bytes, row_bytes, clusters.type, clusters.dims};
  rows.scales = clusters.scales ? clusters.scales + stream * count : nullptr;
  rows.count = count;
  rows.query_stride = queries.stride();
  for (size_t begin = 0; begin < queries.count(); begin += kQueriesAtATime) {
    rows.queries = queries.numbers() + begin * queries.stride();
    rows.query_count = std::min(kQueriesAtATime, queries.count() - begin);
    logits_kernel(rows, logits.data(), room);
    for (size_t q = 0; q < rows.query_count; ++q) {
      // A cluster's weight is N · e^(q·C): divided by N it is what goes to each key.
      const double sum = weights_kernel(logits.data() + q * room, bias.data(), room, weights.data());
      if (!(sum > 0)) continue;
      for (size_t i = 0; i < count; ++i) sums[i] += static_cast<double>(weights[i]) / sum;
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const uint32_t size = offsets[i + 1] - offsets[i];
    scores[i] = size > 0 ? static_cast<float>(sums[i] / size / static_cast<double>(queries.count())) : 0.f;
  }
}

}  // namespace

void centroid_scores(const AttentionShape& shape, const Clusters& clusters, float* scores, const Control& control) {
  if (clusters.count == 0) return;
  const std::vector<Unit> units = units_of(shape);
  std::atomic<size_t> done{0};
  parallel::parallel_for(shape.threads, units.size(), [&](size_t i) {
    if (control.cancelled && *control.cancelled) return;
    score_unit(shape, clusters, units[i], scores + i * clusters.count);
    if (control.advance) control.advance(static_cast<double>(++done) / static_cast<double>(units.size()));
  });
}

}  // namespace merganser::attention
