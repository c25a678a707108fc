// softmax(q·kᵀ·scale)·v over rows in parts, and how much of it goes to clusters by their centroids: lib/backend/attention-kernels.ts has the contract.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "merganser/attention/attend_rows.hpp"

namespace merganser::attention {

// Row r of head h of sequence s begins at element starts[s] + h · head_stride + r · row_stride.
struct HeadRows {
  const void* data;  // null: none
  RowType type;
  size_t dims;
  const double* starts;
  size_t head_stride;
  size_t row_stride;

  size_t element_bytes() const { return type == RowType::float32 ? 4 : type == RowType::int8 ? 1 : 2; }
  const uint8_t* head(size_t sequence, size_t head) const {
    return static_cast<const uint8_t*>(data) + (static_cast<size_t>(starts[sequence]) + head * head_stride) * element_bytes();
  }
  RowSet rows_of(size_t sequence, size_t index) const { return {data ? head(sequence, index) : nullptr, row_stride * element_bytes(), type, dims}; }
};

// Where results go.
struct ResultRows {
  float* data;
  size_t dims;
  const double* starts;
  size_t head_stride;
  size_t row_stride;
  float* row(size_t sequence, size_t head, size_t index) const {
    return data + static_cast<size_t>(starts[sequence]) + head * head_stride + index * row_stride;
  }
};

struct RowLists {
  const uint32_t* offsets;  // null: all rows
  const int32_t* starts;
  const uint32_t* lengths;  // null: `block` each
  size_t block;
};

struct KeyPart {
  HeadRows keys;
  HeadRows values;
  const uint32_t* lengths;
  bool causal;
  RowLists lists;
  HeadRows bias;
  HeadRows variances;
};

struct AttentionShape {
  size_t sequences;
  size_t kv_heads;
  size_t group;
  const uint32_t* query_lengths;
  size_t tile;
  double scale;
  unsigned threads;
  HeadRows queries;
};

// Groups of clusters, looked up first.
struct ClusterGroups {
  size_t count;  // 0: none
  const float* centroids;
  const uint32_t* offsets;  // in clusters
  const double* limits;     // scores of groups that are kept are greater; one for each stream
};

struct ClusterSizes;

struct Clusters {
  size_t count;
  size_t room;  // of each stream
  const void* centroids;
  RowType type;
  const float* scales;
  const uint32_t* offsets;
  size_t dims;
  size_t step;
  ClusterGroups groups;
  const ClusterSizes* sizes;  // of each stream; null: they are found in `offsets`
};

enum class SelectionKind : uint8_t { threshold, budget, top_p };

struct Selection {
  SelectionKind kind;
  const double* limits;  // one for each stream
};

// [streams × room × dims]
struct ClusterVectors {
  const void* data;  // null: none
  RowType type;
  const float* scales;  // [streams × room] of int8 ones, else null
};

// What stands for clusters that are not chosen.
struct ClusterEstimate {
  ClusterVectors value_means;  // none: nothing
  ClusterVectors variances;    // none: no variance term
};

struct ClusterAttention {
  Clusters clusters;
  Selection selection;
  HeadRows keys;
  HeadRows values;
  ClusterEstimate estimate;
};

// Of unit u: chosen[u · clusters …], ascending, counts[u] of them.
struct ChosenClusters {
  uint32_t* chosen;
  uint32_t* counts;
};

// Told the part that is done.
using Advance = std::function<void(double)>;

struct Control {
  const std::atomic<bool>* cancelled;  // null: never
  Advance advance;                     // empty: nobody asks
};

void attend(const AttentionShape& shape, const std::vector<KeyPart>& parts, const ResultRows& output, const ResultRows& log_sum_exp, const Control& control);
// Lookup, selection, attention over the chosen clusters' rows, the others' estimates and the parts.
void attend_clusters(const AttentionShape& shape, const ClusterAttention& clusters, const std::vector<KeyPart>& parts, const ResultRows& output,
                     const ResultRows& log_sum_exp, const ChosenClusters& chosen, const Control& control);
// scores[unit × count + cluster]
void centroid_scores(const AttentionShape& shape, const Clusters& clusters, float* scores, const Control& control);

}  // namespace merganser::attention
