#include "merganser/clustering/byte_forms.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr float kUp = 1 + 1e-6f;
// What a tile of bytes costs besides its dimensions, and a dimension of it, in dimensions of float32.
constexpr double kOverhead = 20, kOfFloat = 0.25, kOfFloatByTiles = 0.05;
// Shorter vectors' scores are not worth a bound.
constexpr size_t kLeastDims = 48;
constexpr uint8_t kFlip = 128;
// Listed rows are copied for matrix tiles: of shorter ones that costs what it saves.
constexpr size_t kMatrixStep = 64, kLeastMatrixDims = 192;

}  // namespace

bool ByteForms::by_matrix_tiles(size_t dims) { return dims >= kLeastMatrixDims && dims <= kMostMatrixDims && has_matrix_tiles(); }

size_t ByteForms::stride_of(size_t dims) {
  const size_t step = by_matrix_tiles(dims) ? kMatrixStep : kByteGroup;
  return (dims + step - 1) / step * step;
}

// Twice: while points are put into another order.
size_t ByteForms::needed(const PointBlocks& points, const CentroidPanels& centroids) {
  return 2 * (points.size() + centroids.slots()) * (points.dims() + (by_matrix_tiles(points.dims()) ? kMatrixStep : kByteGroup));
}

std::unique_ptr<ByteForms> ByteForms::make(const PointBlocks& points, const CentroidPanels& centroids, size_t bytes, unsigned threads) {
  static const bool fast = MERGANSER_SELECT(multiplies_bytes)();
  if (!fast || points.dims() < kLeastDims || points.dims() > kMostByteDims || needed(points, centroids) > bytes) return nullptr;
  return std::unique_ptr<ByteForms>(new ByteForms(points, centroids, threads));
}

ByteForms::ByteForms(const PointBlocks& points, const CentroidPanels& centroids, unsigned threads)
    : points_(points),
      centroids_(centroids),
      matrix_tiles_(by_matrix_tiles(points.dims())),
      stride_(stride_of(points.dims())),
      rows_(std::make_unique<parallel::HugeArray<uint8_t>>((points.size() + kRowsBehind) * stride_)),
      scales_(points.size()),
      errors_(points.size()),
      lengths_(points.size()),
      centroid_rows_(centroids.slots() * stride_),
      panels_((centroids.slots() + kPanel) * stride_),
      starts_(centroids.slots()),
      slot_scales_(centroids.slots()),
      panel_lengths_(centroids.panels()),
      panel_errors_(centroids.panels()) {
  static const auto round = MERGANSER_SELECT(to_bytes);
  parallel::parallel_for(threads, points_.blocks(), [&](size_t block) {
    std::vector<float> row(points_.padded());
    const size_t begin = points_.block_begin(block), end = begin + points_.block_count(block);
    for (size_t position = begin; position < end; ++position) {
      points_.stage(position, row.data());
      lengths_[position] = std::sqrt(points_.squared_norm_at(position)) * kUp;
      const ByteForm form = round(row.data(), points_.dims(), lengths_[position], kFlip, rows_->data() + position * stride_);
      scales_[position] = form.scale;
      errors_[position] = form.error;
    }
  });
}

void ByteForms::renew(unsigned threads) {
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) { pack_panel(panel); });
}

void ByteForms::pack_panel(size_t panel) {
  static const auto round = MERGANSER_SELECT(to_bytes);
  static const auto pack = MERGANSER_SELECT(pack_byte_panel);
  panel_lengths_[panel] = panel_errors_[panel] = 0;
  for (size_t lane = 0; lane < kPanel; ++lane) {
    const size_t slot = panel * kPanel + lane;
    int8_t* const row = centroid_rows_.data() + slot * stride_;
    const float length = slot < centroids_.count() ? std::sqrt(-2 * centroids_.view().halves[slot]) * kUp : 0;
    const ByteForm form = round(centroids_.at(slot), points_.dims(), length, 0, reinterpret_cast<uint8_t*>(row));
    slot_scales_[slot] = form.scale;
    panel_lengths_[panel] = std::max(panel_lengths_[panel], (length + form.error) * kUp);
    panel_errors_[panel] = std::max(panel_errors_[panel], form.error);
  }
  pack(centroid_rows_.data() + panel * kPanel * stride_, stride_ / kByteGroup, panel, panels_.data(), starts_.data());
}

ByteRows ByteForms::of_block(size_t block) const {
  const size_t begin = points_.block_begin(block);
  return {rows_->data() + begin * stride_, stride_, scales_.data() + begin, errors_.data() + begin, lengths_.data() + begin, points_.block_count(block)};
}

BytePanels ByteForms::view() const {
  return {panels_.data(),        starts_.data(),       slot_scales_.data(),   centroids_.view().halves,
          panel_lengths_.data(), panel_errors_.data(), centroids_.panels(), stride_ / kByteGroup};
}

void ByteForms::guess(std::vector<uint32_t>& slots, unsigned threads) const {
  static const auto best = MERGANSER_SELECT(best_slots_by_bytes);
  parallel::parallel_for(threads, points_.blocks(), [&](size_t block) { best(of_block(block), view(), slots.data() + points_.block_begin(block), matrix_tiles_); });
}

void ByteForms::reorder(const std::vector<uint32_t>& new_order, unsigned threads) {
  auto rows = std::make_unique<parallel::HugeArray<uint8_t>>((points_.size() + kRowsBehind) * stride_);
  parallel::parallel_for(threads, points_.blocks(), [&](size_t block) {
    const size_t begin = points_.block_begin(block), end = begin + points_.block_count(block);
    for (size_t position = begin; position < end; ++position) {
      std::memcpy(rows->data() + position * stride_, rows_->data() + new_order[position] * stride_, stride_);
    }
  });
  rows_ = std::move(rows);
  for (std::vector<float>* values : {&scales_, &errors_, &lengths_}) {
    std::vector<float> moved(values->size());
    for (size_t position = 0; position < moved.size(); ++position) moved[position] = (*values)[new_order[position]];
    values->swap(moved);
  }
}

void ByteForms::sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, const BlockBounds& bounds, const float* reach,
                     ReachLists& kept) const {
  static const auto kernel = MERGANSER_SELECT(sift_by_bytes);
  kernel(of_block(block), view(), panel, how_many, alone, list, count, bounds, reach, kept, matrix_tiles_);
}

double ByteForms::cost(double surviving) const {
  const double dims = static_cast<double>(points_.dims());
  return (matrix_tiles_ ? kOfFloatByTiles : kOfFloat) * dims + kOverhead + surviving * dims;
}

float ByteForms::least_score(size_t position, uint32_t slot) const {
  static const auto dot = MERGANSER_SELECT(dot_of_bytes);
  const size_t panel = slot / kPanel;
  const int32_t sum = dot(rows_->data() + position * stride_, centroid_rows_.data() + slot * stride_, stride_) + starts_[slot];
  const float product = static_cast<float>(sum) * slot_scales_[slot] * scales_[position];
  return product + centroids_.view().halves[slot] - (errors_[position] * panel_lengths_[panel] + lengths_[position] * panel_errors_[panel]) * kUp;
}

}  // namespace merganser::clustering
