#include "merganser/attention/units.hpp"

#include <algorithm>
#include <bit>

#include "merganser/attention/attend_matrix_tiles.hpp"
#include "merganser/attention/attend_tiles.hpp"

namespace merganser::attention {

namespace {
constexpr double kLog2E = 1.4426950408889634;

// A row of queries in single precision: where it lies, or in `to`.
const float* read(const RowSet& set, size_t row, float* to) {
  const uint8_t* const from = set.data + set.stride * row;
  if (set.type == RowType::float32) return reinterpret_cast<const float*>(from);
  const auto* const halves = reinterpret_cast<const uint16_t*>(from);
  for (size_t dim = 0; dim < set.dims; ++dim) to[dim] = std::bit_cast<float>(static_cast<uint32_t>(halves[dim]) << 16);
  return to;
}
}

std::vector<Unit> units_of(const AttentionShape& shape) {
  std::vector<Unit> units;
  for (size_t sequence = 0; sequence < shape.sequences; ++sequence) {
    for (size_t head = 0; head < shape.kv_heads; ++head) {
      const size_t queries = shape.query_lengths[sequence];
      for (size_t from = 0; from < queries; from += shape.tile) units.push_back({sequence, head, from, std::min(from + shape.tile, queries)});
    }
  }
  return units;
}

UnitQueries::UnitQueries(const AttentionShape& shape, const Unit& unit, size_t step, const QueryForms& forms)
    : stride_((shape.queries.dims + 15) / 16 * 16), plain_stride_((shape.queries.dims + 31) / 32 * 32), factor_(static_cast<float>(shape.scale * kLog2E)) {
  for (size_t head = unit.kv_head * shape.group; head < (unit.kv_head + 1) * shape.group; ++head) {
    for (size_t row = unit.from; row < unit.to; row += step) heads_.push_back(head), rows_.push_back(row);
  }
  are_plain_ = forms.plain && shape.queries.type == RowType::bfloat16;
  if (are_plain_) copy_plain(shape, unit);
  if (are_plain_ && forms.only_plain && count() >= kTiledQueries) return;
  // Zeros behind the dimensions; what is behind the queries does not matter, but is to be numbers.
  const auto begin = [&](KeptNumbers& numbers) {
    const size_t all = std::max(with_queries_behind(count()), forms.plain ? count() + kMatrixQueriesBehind : 0);
    numbers.resize(all * stride_);
    if (stride_ > shape.queries.dims) std::fill_n(numbers.data(), count() * stride_, 0.f);
    std::fill_n(numbers.data() + count() * stride_, (all - count()) * stride_, 0.f);
  };
  begin(numbers_);
  if (forms.squares) begin(squares_);
  const double factor = shape.scale * kLog2E, square_factor = shape.scale * shape.scale * kLog2E / 2;
  float row[kMaxDims];
  for (size_t i = 0; i < count(); ++i) {
    const float* const from = read(shape.queries.rows_of(unit.sequence, heads_[i]), rows_[i], row);
    const size_t dims = shape.queries.dims;
    float* const to = numbers_.data() + i * stride_;
    for (size_t dim = 0; dim < dims; ++dim) to[dim] = static_cast<float>(static_cast<double>(from[dim]) * factor);
    if (!forms.squares) continue;
    for (size_t dim = 0; dim < dims; ++dim) {
      const double number = static_cast<double>(from[dim]);
      squares_.data()[i * stride_ + dim] = static_cast<float>(number * number * square_factor);
    }
  }
}

void UnitQueries::copy_plain(const AttentionShape& shape, const Unit& unit) {
  const size_t all = (count() + kMatrixQueriesBehind) * plain_stride_, dims = shape.queries.dims, written = plain_stride_ == dims ? count() * plain_stride_ : 0;
  plain_.resize((all + 1) / 2);
  auto* const plain = reinterpret_cast<uint16_t*>(plain_.data());
  std::fill_n(plain + written, all - written, uint16_t{0});
  for (size_t i = 0; i < count(); ++i) {
    const RowSet set = shape.queries.rows_of(unit.sequence, heads_[i]);
    std::copy_n(reinterpret_cast<const uint16_t*>(set.data + set.stride * rows_[i]), dims, plain + i * plain_stride_);
  }
}

}  // namespace merganser::attention
