// The points of a run, in blocks that fit into the cache once staged. Points can be reordered, so that neighbours in a block are near each other: only
// their numbers move.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/clustering/score_panels.hpp"
#include "merganser/parallel/kept_array.hpp"

namespace merganser::clustering {

struct PointSet {
  const void* data;  // rows of `dims` elements
  ElementType type;
  size_t dims;
  const uint32_t* rows;  // which rows of the array are the points; null: the first `count`
  size_t count;
  const double* weights;  // per point, finite and not negative; null: 1 each
};

// A point that is no finite vector; `what()` says "point i".
struct NotFinite : std::runtime_error {
  explicit NotFinite(size_t point) : std::runtime_error("not finite: " + std::to_string(point)) {}
};

// Rows in memory of their own, 64-byte aligned, of any content, with zeros in between; many of them on huge pages.
class StagedRows {
 public:
  StagedRows(size_t count, size_t padded);
  float* row(size_t i) { return memory_.data() + i * stride_; }
  Rows rows(size_t count) const { return {memory_.data(), stride_, count}; }

 private:
  // Rows whose lengths are a power of two would all want the same places in the cache.
  static constexpr size_t kBetweenRows = 8;
  size_t stride_;
  parallel::KeptArray<float> memory_;
};

// So many points before a point is staged it is worth a call of `expect`.
constexpr size_t kExpectAhead = 6;

// Vectors of as many dimensions as the points.
struct CentredOn {
  const float* rows;
  size_t count;
};

// What is subtracted from points that are compared with the vectors: about their mean, padded to a multiple of 8.
std::vector<float> centre_on(const CentredOn& vectors, size_t dims);

class PointBlocks {
 public:
  // Directions only, if `unit_length`: points are scaled to it (but zeros stay zeros). Throws NotFinite.
  PointBlocks(const PointSet& points, bool unit_length, unsigned threads);
  // What is subtracted from the points, and so every result to the bit, does not depend on which points there are. They are not looked at yet: norms and what is made of them are not known, and
  // points are staged by stage_measured.
  PointBlocks(const PointSet& points, bool unit_length, unsigned threads, const CentredOn& others);

  size_t size() const { return count_; }
  size_t dims() const { return source_.dims; }
  size_t padded() const { return padded_; }
  // A multiple of 8.
  size_t block_size() const { return block_size_; }
  size_t blocks() const { return (count_ + block_size_ - 1) / block_size_; }
  size_t block_begin(size_t block) const { return block * block_size_; }
  size_t block_count(size_t block) const { return block + 1 < blocks() ? block_size_ : count_ - block_begin(block); }

  StagedRows staging() const { return StagedRows(std::min(block_size_, count_), padded_); }
  void stage(size_t position, float* out) const {
    if (kept_) {
      std::copy_n(kept_->data() + position * padded_, padded_, out);
    } else {
      stage_row_(source_, row_of(order_[position]), out, padded_);
    }
  }
  // A point will be staged soon: points are read in an order that no processor foresees.
  void expect(size_t position) const {
    if (position >= count_) return;
    if (kept_) return expect_row_({kept_->data(), ElementType::float32, padded_, nullptr, nullptr}, position);
    expect_row_(source_, row_of(order_[position]));
  }
  void stage_block(size_t block, StagedRows& staged) const;
  // The same, and the squared norms. Returns the place in the block of the first point that is not finite, or the number of points.
  size_t stage_measured(size_t block, StagedRows& staged, float* squared_norms) const;

  // Number of the point that stands at a position.
  uint32_t point_at(size_t position) const { return order_[position]; }
  float squared_norm_at(size_t position) const { return squared_norms_[order_[position]]; }
  double weight_at(size_t position) const { return weights_.empty() ? 1 : weights_[order_[position]]; }
  // new_order[position] = the position where the point stands now.
  void reorder(const std::vector<uint32_t>& new_order);
  // Keeps staged points in their present order, if they have at most so many dimensions: reading them one by one from anywhere takes longer than computing with
  // them. Not those in half precision: no copy in single precision is made of them. At most `bytes`. Returns what it took.
  size_t keep(size_t most_dims, size_t bytes, unsigned threads);
  // Whether a copy in single precision may be made at all.
  bool may_be_copied() const { return source_.type == ElementType::float32; }
  // Null: they are not kept. Rows are padded() apart.
  const float* kept(size_t position) const { return kept_ ? kept_->data() + position * padded_ : nullptr; }

  // Subtracted from every point: about the mean of a sample of them, or of the others. Small numbers keep rounding errors small.
  const std::vector<float>& centre() const { return centre_; }
  // What products of weights and coordinates are rounded to by add_to_sums, and weights: those are whole on the fine grid.
  const Grids& grids() const { return grids_; }
  const Grids& weight_grids() const { return weight_grids_; }
  // Sum of weight × ‖x‖².
  double total_square() const { return total_square_; }

 private:
  PointBlocks(const PointSet& points, bool unit_length, unsigned threads, const CentredOn* others);
  size_t row_of(uint32_t point) const { return rows_ ? rows_[point] : point; }
  void find_scales(unsigned threads);
  void measure(unsigned threads);

  PointSource source_;
  const uint32_t* rows_;
  size_t count_, padded_, block_size_;
  decltype(&scalar::stage_row) stage_row_;
  decltype(&scalar::expect_row) expect_row_;
  std::vector<uint32_t> order_;
  std::unique_ptr<parallel::KeptArray<float>> kept_;
  std::vector<float> scales_, centre_, squared_norms_;
  std::vector<double> weights_;
  Grids grids_{}, weight_grids_{};
  double total_square_ = 0;
};

}  // namespace merganser::clustering
