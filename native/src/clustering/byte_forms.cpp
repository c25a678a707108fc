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
      rows_(std::make_unique<parallel::KeptArray<uint8_t>>((points.size() + kRowsBehind) * stride_)),
      scales_(points.size()),
      errors_(points.size()),
      lengths_(points.size()),
      rounded_(centroids, stride_, PlacesOfBytes::by_slot) {
  static const auto round = MERGANSER_SELECT(to_bytes);
  rows_->clear_from(0);
  parallel::parallel_for(threads, points_.blocks(), [&](size_t block) {
    std::vector<float> row(points_.padded());
    const size_t begin = points_.block_begin(block), end = begin + points_.block_count(block);
    for (size_t position = begin; position < end; ++position) {
      points_.stage(position, row.data());
      lengths_[position] = length_above(points_.squared_norm_at(position));
      const ByteForm form = round(row.data(), points_.dims(), lengths_[position], ByteCodes::row, rows_->data() + position * stride_);
      scales_[position] = form.scale;
      errors_[position] = form.error;
    }
  });
}

void ByteForms::renew(unsigned threads) { rounded_.renew(threads); }

ByteRows ByteForms::of_block(size_t block) const {
  const size_t begin = points_.block_begin(block);
  return {rows_->data() + begin * stride_, stride_, scales_.data() + begin, errors_.data() + begin, lengths_.data() + begin, points_.block_count(block)};
}

void ByteForms::guess(std::vector<uint32_t>& slots, unsigned threads) const {
  static const auto best = MERGANSER_SELECT(best_slots_by_bytes);
  parallel::parallel_for(threads, points_.blocks(), [&](size_t block) { best(of_block(block), rounded_.view(), slots.data() + points_.block_begin(block), matrix_tiles_); });
}

void ByteForms::reorder(const std::vector<uint32_t>& new_order, unsigned threads) {
  auto rows = std::make_unique<parallel::KeptArray<uint8_t>>((points_.size() + kRowsBehind) * stride_);
  rows->clear_from(points_.size() * stride_);
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
  kernel(of_block(block), rounded_.view(), panel, how_many, alone, list, count, bounds, reach, kept, matrix_tiles_);
}

double ByteForms::cost(double surviving) const {
  const double dims = static_cast<double>(points_.dims());
  return (matrix_tiles_ ? kOfFloatByTiles : kOfFloat) * dims + kOverhead + surviving * dims;
}

float ByteForms::least_score(size_t position, uint32_t slot) const {
  static const auto dot = MERGANSER_SELECT(dot_of_bytes);
  const BytePanels panels = rounded_.view();
  const size_t panel = slot / kPanel;
  const int32_t sum = dot(rows_->data() + position * stride_, rounded_.row(slot), stride_) + rounded_.start(slot);
  const float product = static_cast<float>(sum) * rounded_.scale(slot) * scales_[position];
  return product + panels.halves[slot] - (errors_[position] * panels.lengths[panel] + lengths_[position] * panels.errors[panel]) * kUp;
}

}  // namespace merganser::clustering
