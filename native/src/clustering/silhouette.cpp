#include "merganser/clustering/silhouette.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "merganser/clustering/pair_distances.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
// What a distance may be off by, in parts of itself.
constexpr double kRelativeError = 1e-9;
// Rows and columns of distances that are computed before they are added up: they stay in the first-level cache.
constexpr size_t kRows = 32, kColumns = 64;
// Points of one group that are turned into panels at a time, and what those may take of the second-level cache.
constexpr size_t kMostOfGroup = 256, kPanelBytes = 640 << 10;
// Clusters of more than this part of the points are several groups, so that threads can share them.
constexpr size_t kLeastParts = 16;
// Points of the groups that one piece of work compares with a group.
constexpr size_t kRowsOfPiece = 2048;
constexpr uint32_t kWhole = UINT32_MAX;

struct Members {
  std::vector<size_t> sizes;
  std::vector<uint32_t> order;     // points by cluster
  std::vector<uint32_t> clusters;  // of the point at each position of that order
  explicit Members(const ClusterLabels& from) : sizes(from.clusters), order(from.count), clusters(from.count) {
    for (size_t i = 0; i < from.count; ++i) ++sizes[from.labels[i]];
    std::vector<size_t> next(from.clusters);
    for (size_t c = 1; c < from.clusters; ++c) next[c] = next[c - 1] + sizes[c - 1];
    for (size_t i = 0; i < from.count; ++i) {
      const size_t position = next[from.labels[i]]++;
      order[position] = static_cast<uint32_t>(i);
      clusters[position] = from.labels[i];
    }
  }
};

// body(from, to, cluster) for each run of positions of one cluster in [first, last).
template <typename Body>
void each_run(const std::vector<uint32_t>& clusters, size_t first, size_t last, Body body) {
  while (first < last) {
    size_t end = first + 1;
    while (end < last && clusters[end] == clusters[first]) ++end;
    body(first, end, clusters[first]);
    first = end;
  }
}

// Positions of a few whole clusters, or of a part of one: then its sums have a slot.
struct Group {
  size_t first, last;
  uint32_t first_cluster, end_cluster;
  uint32_t slot;
  size_t size() const { return last - first; }
  size_t clusters() const { return end_cluster - first_cluster; }
};

std::vector<Group> groups_of(const Members& members, size_t most) {
  const size_t most_of_part = std::max(most, members.order.size() / kLeastParts);
  std::vector<Group> groups;
  uint32_t slots = 0;
  size_t first = 0;
  for (uint32_t cluster = 0; cluster < members.sizes.size(); ++cluster) {
    const size_t size = members.sizes[cluster], parts = (size + most_of_part - 1) / most_of_part;
    if (parts > 1) {
      for (size_t part = 0; part < parts; ++part)
        groups.push_back({first + size * part / parts, first + size * (part + 1) / parts, cluster, cluster + 1, slots++});
    } else if (!groups.empty() && groups.back().slot == kWhole && groups.back().size() + size <= most) {
      groups.back().last += size;
      groups.back().end_cluster = cluster + 1;
    } else {
      groups.push_back({first, first + size, cluster, cluster + 1, kWhole});
    }
    first += size;
  }
  return groups;
}

// Groups [from, to] against group `of`, which is none before them.
struct Piece {
  size_t of, from, to;
};

class PointSilhouettes {
 public:
  PointSilhouettes(const float* points, size_t dims, const std::vector<double>& centre, const ClusterLabels& clusters, const SilhouetteControl& control)
      : points_(points),
        dims_(dims),
        centre_(centre),
        control_(control),
        members_(clusters),
        most_of_block_(std::clamp<size_t>(kPanelBytes / (sizeof(double) * dims) / kDoublePanel * kDoublePanel, 2 * kDoublePanel, kMostOfGroup)),
        groups_(groups_of(members_, most_of_block_)),
        unsure_(static_cast<double>(dims + 8) * std::numeric_limits<double>::epsilon() / kRelativeError),
        own_(clusters.count),
        nearest_(clusters.count) {
    for (std::atomic<double>& mean : nearest_) mean = kInfinite;
    for (const Group& group : groups_) slots_ += group.slot != kWhole;
    partial_.resize(slots_ * clusters.count);
  }

  void run(double* widths) {
    const std::vector<Piece> pieces = all_pieces();
    const double all = static_cast<double>(own_.size()) * static_cast<double>(own_.size() + 1) / 2;
    std::atomic<uint64_t> done{0};
    parallel::parallel_for(control_.threads, pieces.size(), [&](size_t i) {
      if (cancelled()) return;
      compare(pieces[i]);
      const uint64_t pairs = (groups_[pieces[i].to].last - groups_[pieces[i].from].first) * groups_[pieces[i].of].size();
      if (control_.progress) control_.progress(std::min(1.0, static_cast<double>(done.fetch_add(pairs) + pairs) / all));
    });
    if (cancelled()) return;
    for (size_t position = 0; position < own_.size(); ++position) {
      add_parts(position);
      widths[members_.order[position]] = silhouette_width(own_[position], nearest_[position], members_.sizes[members_.clusters[position]]);
    }
  }

 private:
  const float* point(size_t position) const { return points_ + members_.order[position] * dims_; }
  bool cancelled() const { return control_.cancelled && *control_.cancelled; }

  // Those with most to do first. They are the same for any number of threads.
  std::vector<Piece> all_pieces() const {
    const size_t rows = std::max(kRowsOfPiece, own_.size() / 8);
    std::vector<Piece> pieces;
    for (size_t of = groups_.size(); of-- > 0;) {
      for (size_t from = 0; from <= of;) {
        size_t to = from;
        while (to < of && groups_[to].last - groups_[from].first < rows) ++to;
        pieces.push_back({of, from, to});
        from = to + 1;
      }
    }
    return pieces;
  }

  void compare(const Piece& piece) {
    const Group& of = groups_[piece.of];
    // Sums towards the clusters of `of`: a group of several clusters is one block, so their rows are done after each block of rows; a larger one is one cluster.
    const bool one_block = of.size() <= most_of_block_;
    std::vector<double> sums(of.clusters() * (one_block ? kRows : groups_[piece.to].last - groups_[piece.from].first));
    Block block(*this, std::min(of.size(), most_of_block_));
    for (size_t first = of.first; first < of.last; first += most_of_block_) {
      block.set_columns(first, std::min(of.last, first + most_of_block_));
      for (size_t g = piece.from; g <= piece.to; ++g) {
        const Group& group = groups_[g];
        const bool both_ways = g != piece.of;
        if (both_ways) block.clear_column_sums(group);
        for (size_t row = group.first; row < group.last && !cancelled(); row += kRows) {
          const size_t last = std::min(group.last, row + kRows);
          double* const row_sums = one_block ? sums.data() : sums.data() + (row - groups_[piece.from].first);
          block.add(row, last, both_ways ? &group : nullptr, of, row_sums);
          if (one_block) finish_rows(row, last, of, sums.data());
        }
        if (both_ways) block.finish_columns(group);
      }
    }
    if (!one_block) finish_rows(groups_[piece.from].first, groups_[piece.to].last, of, sums.data());
  }

  // sums[position][cluster of `of`], which become zero.
  void finish_rows(size_t first, size_t last, const Group& of, double* sums) {
    for (size_t position = first; position < last; ++position) {
      for (uint32_t cluster = of.first_cluster; cluster < of.end_cluster; ++cluster, ++sums) {
        finish(position, of, cluster, *sums);
        *sums = 0;
      }
    }
  }

  // Of each position and cluster, or part of one, this is called once.
  void finish(size_t position, const Group& of, uint32_t cluster, double sum) {
    if (of.slot != kWhole) {
      partial_[position * slots_ + of.slot] = sum;
    } else if (cluster == members_.clusters[position]) {
      own_[position] = sum;
    } else {
      const double mean = sum / static_cast<double>(members_.sizes[cluster]);
      double least = nearest_[position];
      while (mean < least && !nearest_[position].compare_exchange_weak(least, mean)) {
      }
    }
  }

  void add_parts(size_t position) {
    double sum = 0;
    for (size_t g = 0; g < groups_.size(); ++g) {
      const Group& group = groups_[g];
      if (group.slot == kWhole) continue;
      sum += partial_[position * slots_ + group.slot];
      if (g + 1 < groups_.size() && groups_[g + 1].first_cluster == group.first_cluster) continue;
      finish(position, {0, 0, 0, 0, kWhole}, group.first_cluster, sum);
      sum = 0;
    }
  }

  // Columns as panels, and what is between them and some rows.
  class Block {
   public:
    Block(PointSilhouettes& all, size_t most)
        : all_(all),
          stride_(all.dims_ + kDoublePanel),
          memory_(padded(most) * all.dims_ + kDoublePanel),
          panels_(memory_.data() + (64 - reinterpret_cast<uintptr_t>(memory_.data()) % 64) % 64 / sizeof(double)),
          panel_squares_(padded(most)),
          rows_(kRows * stride_),
          distances_(kRows * kColumns),
          unsure_(kRows * kColumns) {}

    void set_columns(size_t first, size_t last) {
      first_ = first;
      count_ = last - first;
      std::vector<double> row(all_.dims_);
      for (size_t i = 0; i < padded(count_); ++i) {
        panel_squares_[i] = i < count_ ? stage_(all_.point(first + i), all_.centre_.data(), all_.dims_, row.data()) : kSquareOfNone;
        if (i >= count_) std::fill(row.begin(), row.end(), 0.0);
        double* const to = panels_ + i / kDoublePanel * kDoublePanel * all_.dims_ + i % kDoublePanel;
        for (size_t dim = 0; dim < all_.dims_; ++dim) to[dim * kDoublePanel] = row[dim];
      }
    }
    void clear_column_sums(const Group& group) { column_sums_.assign(group.clusters() * padded(count_), 0); }
    void finish_columns(const Group& group) {
      for (size_t cluster = 0; cluster < group.clusters(); ++cluster) {
        const double* const sums = column_sums_.data() + cluster * padded(count_);
        for (size_t i = 0; i < count_; ++i) all_.finish(first_ + i, group, group.first_cluster + static_cast<uint32_t>(cluster), sums[i]);
      }
    }

    // Distances of rows [first, last) to the columns are added to row_sums[row][cluster of `of`], and unless `group` is null to the sums of columns towards its clusters.
    void add(size_t first, size_t last, const Group* group, const Group& of, double* row_sums) {
      const size_t rows = last - first;
      double squares[kRows];
      for (size_t row = 0; row < padded(rows); ++row) {
        double* const to = rows_.data() + row * stride_;
        squares[row] = row < rows ? stage_(all_.point(first + row), all_.centre_.data(), all_.dims_, to) : kSquareOfNone;
        if (row >= rows) std::fill_n(to, all_.dims_, 0.0);
      }
      for (size_t column = 0; column < count_; column += kColumns) {
        const size_t columns = std::min(kColumns, count_ - column);
        const DoublePanels panels{panels_ + column * all_.dims_, panel_squares_.data() + column, padded(columns) / kDoublePanel, all_.dims_};
        const size_t unsure = distances_of_({rows_.data(), stride_, squares, padded(rows)}, panels, all_.unsure_, distances_.data(), kColumns, unsure_.data());
        for (size_t i = 0; i < unsure; ++i) {
          const auto [row, other] = unsure_[i];
          // With millions of dimensions every pair is unsure, those of what is left over too.
          if (row >= rows || other >= columns) continue;
          distances_[row * kColumns + other] = between_(all_.point(first + row), all_.point(first_ + column + other), all_.dims_);
        }
        if (group) {
          each_run(all_.members_.clusters, first, last, [&](size_t from, size_t to, uint32_t cluster) {
            add_rows_(distances_.data() + (from - first) * kColumns, kColumns, to - from, padded(columns),
                      column_sums_.data() + (cluster - group->first_cluster) * padded(count_) + column);
          });
        }
        each_run(all_.members_.clusters, first_ + column, first_ + column + columns, [&](size_t from, size_t to, uint32_t cluster) {
          const double* const run = distances_.data() + (from - first_ - column);
          for (size_t row = 0; row < rows; ++row) row_sums[row * of.clusters() + cluster - of.first_cluster] += sum_(run + row * kColumns, to - from);
        });
      }
    }

   private:
    static size_t padded(size_t count) { return (count + kDoublePanel - 1) / kDoublePanel * kDoublePanel; }

    PointSilhouettes& all_;
    const decltype(&scalar::stage_centred) stage_ = MERGANSER_SELECT(stage_centred);
    const decltype(&scalar::pair_distances) distances_of_ = MERGANSER_SELECT(pair_distances);
    const decltype(&scalar::distance_between) between_ = MERGANSER_SELECT(distance_between);
    const decltype(&scalar::add_rows) add_rows_ = MERGANSER_SELECT(add_rows);
    const decltype(&scalar::sum_of_numbers) sum_ = MERGANSER_SELECT(sum_of_numbers);
    size_t stride_, first_ = 0, count_ = 0;
    std::vector<double> memory_;
    double* const panels_;  // on cache lines
    std::vector<double> panel_squares_, rows_, distances_, column_sums_;
    std::vector<UnsurePair> unsure_;
  };

  const float* points_;
  const size_t dims_;
  const std::vector<double>& centre_;
  const SilhouetteControl& control_;
  const Members members_;
  const size_t most_of_block_;
  const std::vector<Group> groups_;
  const double unsure_;
  std::vector<double> own_;
  std::vector<std::atomic<double>> nearest_;  // means towards the nearest other cluster
  size_t slots_ = 0;
  std::vector<double> partial_;  // [position][slot]
};

}  // namespace

double silhouette_width(double own, double nearest_mean, size_t size) {
  if (size == 1) return 0;
  const double mean = own / static_cast<double>(size - 1), greater = std::max(mean, nearest_mean);
  return greater > 0 ? (nearest_mean - mean) / greater : 0;
}

size_t silhouette_of_points(const float* points, size_t dims, const ClusterLabels& clusters, const SilhouetteControl& control, double* widths) {
  std::vector<double> centre(dims);
  for (size_t i = 0; i < clusters.count; ++i) {
    for (size_t dim = 0; dim < dims; ++dim) centre[dim] += static_cast<double>(points[i * dims + dim]);
  }
  // A sum is finite if all its numbers are.
  if (!std::all_of(centre.begin(), centre.end(), [](double sum) { return std::isfinite(sum); })) {
    const float* const unfit = std::find_if(points, points + clusters.count * dims, [](float number) { return !std::isfinite(number); });
    return static_cast<size_t>(unfit - points) / dims;
  }
  for (double& number : centre) number /= static_cast<double>(clusters.count);
  PointSilhouettes(points, dims, centre, clusters, control).run(widths);
  return SIZE_MAX;
}

}  // namespace merganser::clustering
