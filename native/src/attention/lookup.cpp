#include "merganser/attention/lookup.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "merganser/attention/attend_tiles.hpp"
#include "merganser/attention/attention.hpp"
#include "merganser/attention/byte_lookup.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::attention {
namespace {

// Queries whose logits are in memory at a time.
constexpr size_t kQueriesAtATime = 384;
// Centroids that one thread takes at a time: a multiple of 16.
constexpr size_t kCentroidsAtATime = 1024;

float log2_of(uint32_t count) {
  constexpr size_t kKnown = 1024;
  static const std::array<float, kKnown> known = [] {
    std::array<float, kKnown> logs{};
    for (size_t i = 1; i < kKnown; ++i) logs[i] = std::log2(static_cast<float>(i));
    return logs;
  }();
  return count < kKnown ? known[count] : std::log2(static_cast<float>(count));
}

void hide_empty(ClusterSizes& clusters) {
  clusters.hidden.resize(clusters.sizes.size());
  for (size_t i = 0; i < clusters.sizes.size(); ++i) clusters.hidden[i] = clusters.sizes[i] > 0 ? 0.f : kUnseen;
}

struct Range {
  size_t from, to;
};

// Adds up shares and makes averages over the queries of them.
class Shares {
 public:
  Shares(const UnitQueries& voters, const RowsToAttend& rows, const ClusterSizes& clusters, unsigned threads)
      : voters_(voters), rows_(rows), clusters_(clusters), threads_(threads) {}

  // ranges: of rows whose logits are wanted; the others have size 0.
  void add_up(const std::vector<Range>& ranges, size_t count, float* scores, float* logits) {
    if (!logits && rows_.keys.type == RowType::int8 && voters_.count() >= kFewestByteQueries) {
      return byte_scores(rows_, clusters_, count, voters_, threads_, scores);
    }
    static const auto shares_kernel = MERGANSER_SELECT(add_shares);
    const size_t room = clusters_.sizes.size(), queries = voters_.count();
    std::vector<float> own(logits ? 0 : with_queries_behind(std::min(queries, kQueriesAtATime)) * room, 0.f), weights(room), shares(room);
    std::vector<double> sums(queries > kQueriesAtATime ? count : 0, 0.0);
    for (size_t begin = 0; begin < queries; begin += kQueriesAtATime) {
      const size_t some = std::min(kQueriesAtATime, queries - begin);
      float* const block = logits ? logits + begin * room : own.data();
      find_logits(ranges, begin, some, block, room);
      std::fill(shares.begin(), shares.end(), 0.f);
      for (size_t q = 0; q < some; ++q) shares_kernel(block + q * room, clusters_.hidden.data(), clusters_.sizes.data(), room, weights.data(), shares.data());
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(shares[i]);
    }
    const double part = 1.0 / static_cast<double>(std::max<size_t>(queries, 1));
    for (size_t i = 0; i < count; ++i) scores[i] = static_cast<float>((sums.empty() ? static_cast<double>(shares[i]) : sums[i]) * part);
  }

 private:
  void find_logits(const std::vector<Range>& ranges, size_t begin, size_t queries, float* out, size_t room) const {
    static const auto logits_kernel = MERGANSER_SELECT(row_logits);
    static const auto tile_kernel = MERGANSER_SELECT(tile_logits);
    static const auto tile_memory_of = MERGANSER_SELECT(tile_memory);
    for (const Range& range : ranges) {
      const size_t pieces = (range.to - range.from + kCentroidsAtATime - 1) / kCentroidsAtATime;
      parallel::parallel_for(threads_, pieces, [&](size_t piece) {
        RowsToAttend rows = rows_;
        rows.first = range.from + piece * kCentroidsAtATime;
        rows.count = std::min(range.to - rows.first, kCentroidsAtATime);
        rows.queries = voters_.numbers() + begin * voters_.stride();
        rows.query_stride = voters_.stride();
        rows.query_count = queries;
        if (queries < kTiledQueries) return logits_kernel(rows, out + rows.first, room);
        KeptNumbers memory;
        memory.resize(tile_memory_of(rows));
        tile_kernel(rows, out + rows.first, room, memory.data());
      });
    }
  }

  const UnitQueries& voters_;
  const RowsToAttend& rows_;
  const ClusterSizes& clusters_;
  const unsigned threads_;
};

// The ranges of clusters whose group's score is above its limit; sizes of the others become 0.
std::vector<Range> kept_groups(const Clusters& clusters, size_t stream, const UnitQueries& voters, unsigned threads, ClusterSizes& sizes) {
  const ClusterGroups& groups = clusters.groups;
  const uint32_t* const own = groups.offsets + stream * (groups.count + 1);
  ClusterSizes of_groups{std::vector<float>(with_room(groups.count), 0.f), {}, {}};
  for (size_t group = 0; group < groups.count; ++group) {
    for (size_t i = own[group]; i < own[group + 1]; ++i) of_groups.sizes[group] += sizes.sizes[i];
  }
  hide_empty(of_groups);
  RowsToAttend rows{};
  rows.keys = {reinterpret_cast<const uint8_t*>(groups.centroids + stream * groups.count * clusters.dims), clusters.dims * 4, RowType::float32, clusters.dims};
  std::vector<float> scores(groups.count);
  Shares(voters, rows, of_groups, threads).add_up({{0, groups.count}}, groups.count, scores.data(), nullptr);
  std::vector<Range> kept;
  for (size_t group = 0; group < groups.count; ++group) {
    const Range range{own[group], own[group + 1]};
    if (static_cast<double>(scores[group]) > groups.limits[stream]) {
      if (!kept.empty() && kept.back().to == range.from) kept.back().to = range.to;
      else if (range.to > range.from) kept.push_back(range);
    } else {
      std::fill(sizes.sizes.begin() + range.from, sizes.sizes.begin() + range.to, 0.f);
    }
  }
  hide_empty(sizes);
  return kept;
}

}  // namespace

ClusterSizes sizes_of(const Clusters& clusters, size_t stream) {
  const uint32_t* const offsets = clusters.offsets + stream * (clusters.room + 1);
  ClusterSizes result{std::vector<float>(with_room(clusters.count), 0.f), {}, std::vector<float>(with_room(clusters.count), kUnseen)};
  for (size_t i = 0; i < clusters.count; ++i) {
    const uint32_t size = offsets[i + 1] - offsets[i];
    result.sizes[i] = static_cast<float>(size);
    if (size > 0) result.log_counts[i] = log2_of(size);
  }
  hide_empty(result);
  return result;
}

std::vector<ClusterSizes> sizes_of_all(const AttentionShape& shape, const Clusters& clusters) {
  std::vector<ClusterSizes> all;
  for (size_t stream = 0; stream < shape.sequences * shape.kv_heads; ++stream) all.push_back(sizes_of(clusters, stream));
  return all;
}

RowsToAttend centroid_rows(const Clusters& clusters, size_t stream) {
  const size_t row_bytes = clusters.dims * (clusters.type == RowType::float32 ? 4 : clusters.type == RowType::int8 ? 1 : 2);
  RowsToAttend rows{};
  rows.keys = {static_cast<const uint8_t*>(clusters.centroids) + stream * clusters.room * row_bytes, row_bytes, clusters.type, clusters.dims};
  rows.scales = clusters.scales ? clusters.scales + stream * clusters.room : nullptr;
  return rows;
}

void look_up(const AttentionShape& shape, const Clusters& clusters, const Unit& unit, const UnitQueries& voters, unsigned threads, float* scores, float* logits) {
  const size_t stream = unit.sequence * shape.kv_heads + unit.kv_head;
  const RowsToAttend rows = centroid_rows(clusters, stream);
  if (clusters.groups.count == 0) {
    const auto add_up = [&](const ClusterSizes& sizes) { Shares(voters, rows, sizes, threads).add_up({{0, clusters.count}}, clusters.count, scores, logits); };
    return clusters.sizes ? add_up(clusters.sizes[stream]) : add_up(sizes_of(clusters, stream));
  }
  ClusterSizes sizes = sizes_of(clusters, stream);
  const std::vector<Range> ranges = kept_groups(clusters, stream, voters, threads, sizes);
  Shares(voters, rows, sizes, threads).add_up(ranges, clusters.count, scores, logits);
  const uint32_t* const offsets = clusters.offsets + stream * (clusters.room + 1);
  for (size_t i = 0; i < clusters.count; ++i) {
    if (sizes.sizes[i] == 0 && offsets[i + 1] > offsets[i]) scores[i] = std::numeric_limits<float>::quiet_NaN();
  }
}

void centroid_scores(const AttentionShape& shape, const Clusters& clusters, float* scores, const Control& control) {
  if (clusters.count == 0) return;
  const std::vector<Unit> units = units_of(shape);
  std::atomic<size_t> done{0};
  parallel::parallel_for(shape.threads, units.size(), [&](size_t i) {
    if (control.cancelled && *control.cancelled) return;
    look_up(shape, clusters, units[i], UnitQueries(shape, units[i], clusters.step, {}), 1, scores + i * clusters.count, nullptr);
    if (control.advance) control.advance(static_cast<double>(++done) / static_cast<double>(units.size()));
  });
}

}  // namespace merganser::attention
