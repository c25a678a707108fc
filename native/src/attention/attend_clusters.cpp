// One call from queries to outputs over a clustered context. Each unit is looked up, selected and turned into a list of rows by one thread (the lookup by
// several, if there are fewer units than threads); then the lists' portions are attended to, whoever has time. Logits of the lookup are kept for
// the estimate of what was not chosen, unless they are too many.
#include <algorithm>

#include "merganser/attention/attend_tiles.hpp"
#include "merganser/attention/attention.hpp"
#include "merganser/attention/cluster_rows.hpp"
#include "merganser/attention/lookup.hpp"
#include "merganser/attention/select_clusters.hpp"
#include "merganser/attention/unit_attention.hpp"

namespace merganser::attention {
namespace {

// Rows that one thread takes at a time.
constexpr size_t kRowsAtATime = 2048;
// Queries of a unit whose logits are kept from the lookup for the estimate: with more it is not reading that takes the time.
constexpr size_t kQueriesKept = 16;

class ClusteredUnits {
 public:
  ClusteredUnits(const AttentionShape& shape, const ClusterAttention& all, const std::vector<KeyPart>& parts, const ChosenClusters& to)
      : shape_(shape), all_(all), parts_(parts), to_(to) {}

  void find_rows(UnitWork& work, unsigned threads) const {
    const Clusters& clusters = all_.clusters;
    if (clusters.count > 0) {
      const size_t stream = work.unit.sequence * shape_.kv_heads + work.unit.kv_head;
      const uint32_t* const offsets = clusters.offsets + stream * (clusters.room + 1);
      uint32_t* const chosen = to_.chosen + work.index * clusters.count;
      const bool keep = all_.estimate.value_means.data && clusters.step == 1 && clusters.groups.count == 0 &&
                        work.queries->count() <= kQueriesKept;
      std::vector<float> logits(keep ? with_queries_behind(work.queries->count()) * with_room(clusters.count) : 0);
      const size_t count = choose(work, threads, stream, offsets, chosen, keep ? logits.data() : nullptr);
      to_.counts[work.index] = static_cast<uint32_t>(count);
      work.seen.push_back(rows_of(work, offsets, chosen, count));
      if (all_.estimate.value_means.data) {
        if (keep && all_.estimate.variances.data) add_variances(*work.queries, stream, logits);
        work.seen.push_back(estimates(stream, chosen, count, std::move(logits)));
      }
    } else {
      to_.counts[work.index] = 0;
    }
    see_parts(parts_, work);
  }

 private:
  size_t choose(const UnitWork& work, unsigned threads, size_t stream, const uint32_t* offsets, uint32_t* chosen, float* logits) const {
    const Clusters& clusters = all_.clusters;
    std::vector<float> scores(clusters.count);
    if (clusters.step == 1) look_up(shape_, clusters, work.unit, *work.queries, threads, scores.data(), logits);
    else look_up(shape_, clusters, work.unit, UnitQueries(shape_, work.unit, clusters.step, {}), threads, scores.data(), nullptr);
    return select_clusters(scores.data(), offsets, clusters.count, all_.selection.kind, all_.selection.limits[stream], chosen);
  }

  SeenRows rows_of(const UnitWork& work, const uint32_t* offsets, const uint32_t* chosen, size_t count) const {
    SeenRows seen;
    seen.rows.keys = all_.keys.rows_of(work.unit.sequence, work.unit.kv_head);
    seen.rows.values = all_.values.rows_of(work.unit.sequence, work.unit.kv_head);
    seen.listed = true;
    for (size_t i = 0; i < count; ++i) seen.count += offsets[chosen[i] + 1] - offsets[chosen[i]];
    seen.list.resize(seen.count + kRowsAtOnce);
    static const auto list_kernel = MERGANSER_SELECT(rows_of_clusters);
    list_kernel(offsets, chosen, count, seen.list.data());
    order_list(seen, work);
    return seen;
  }

  RowSet rows_at(const ClusterVectors& vectors, size_t dims, size_t stream) const {
    const size_t row_bytes = dims * (vectors.type == RowType::float32 ? 4 : vectors.type == RowType::int8 ? 1 : 2);
    return {static_cast<const uint8_t*>(vectors.data) + stream * all_.clusters.room * row_bytes, row_bytes, vectors.type, dims};
  }
  const float* scales_at(const ClusterVectors& vectors, size_t stream) const { return vectors.scales ? vectors.scales + stream * all_.clusters.room : nullptr; }

  // To logits that are kept: one row after the other, which is faster than block by block.
  void add_variances(const UnitQueries& queries, size_t stream, std::vector<float>& logits) const {
    static const auto logits_kernel = MERGANSER_SELECT(row_logits);
    const size_t room = with_room(all_.clusters.count);
    std::vector<float> spread(queries.count() * room);
    RowsToAttend rows{};
    rows.keys = rows_at(all_.estimate.variances, all_.clusters.dims, stream);
    rows.scales = scales_at(all_.estimate.variances, stream);
    rows.count = all_.clusters.count;
    rows.queries = queries.squares();
    rows.query_stride = queries.stride();
    rows.query_count = queries.count();
    logits_kernel(rows, spread.data(), room);
    for (size_t i = 0; i < spread.size(); ++i) logits[i] += spread[i];
  }

  // Only the rows that count, as a list.
  static void leave_out(SeenRows& seen) {
    seen.listed = true;
    for (size_t i = 0; i < seen.count; ++i) {
      if (seen.log_counts[i] == kUnseen) continue;
      seen.log_counts[seen.list.size()] = seen.log_counts[i];
      seen.list.push_back(static_cast<uint32_t>(i));
    }
    seen.count = seen.list.size();
  }

  SeenRows estimates(size_t stream, const uint32_t* chosen, size_t count, std::vector<float> logits) const {
    const Clusters& clusters = all_.clusters;
    SeenRows seen;
    seen.rows = centroid_rows(clusters, stream);
    seen.rows.values = rows_at(all_.estimate.value_means, all_.values.dims, stream);
    seen.rows.value_scales = scales_at(all_.estimate.value_means, stream);
    if (all_.estimate.variances.data && logits.empty()) {
      seen.rows.variances = rows_at(all_.estimate.variances, clusters.dims, stream);
      seen.rows.variance_scales = scales_at(all_.estimate.variances, stream);
    }
    seen.log_counts = clusters.sizes ? clusters.sizes[stream].log_counts : sizes_of(clusters, stream).log_counts;
    for (size_t i = 0; i < count; ++i) seen.log_counts[chosen[i]] = kUnseen;
    seen.count = clusters.count;
    if (logits.empty()) leave_out(seen);
    seen.rows.log_counts = seen.log_counts.data();
    seen.logits = std::move(logits);
    seen.rows.logits = seen.logits.empty() ? nullptr : seen.logits.data();
    seen.rows.logit_stride = with_room(clusters.count);
    return seen;
  }

  const AttentionShape& shape_;
  const ClusterAttention& all_;
  const std::vector<KeyPart>& parts_;
  const ChosenClusters to_;
};

}  // namespace

void attend_clusters(const AttentionShape& shape, const ClusterAttention& clusters, const std::vector<KeyPart>& parts, const ResultRows& output,
                     const ResultRows& log_sum_exp, const ChosenClusters& chosen, const Control& control) {
  QueryForms forms = forms_for(shape, parts);
  forms.only_plain = false;
  if (clusters.estimate.variances.data) forms.squares = true;
  const bool estimates = clusters.estimate.value_means.data && suits_matrix_tiles(shape, clusters.clusters.type, clusters.estimate.value_means.type);
  if (estimates || suits_matrix_tiles(shape, clusters.keys.type, clusters.values.type)) forms.plain = true;
  const ClusteredUnits units(shape, clusters, parts, chosen);
  attend_units(shape, {kRowsAtATime, forms}, [&](UnitWork& work, unsigned threads) { units.find_rows(work, threads); }, output, log_sum_exp, control);
}

}  // namespace merganser::attention
