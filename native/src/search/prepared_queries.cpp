#include "merganser/search/prepared_queries.hpp"

#include <algorithm>
#include <cmath>

namespace merganser::search {
namespace {

constexpr size_t kInt8Limit = 127;

}  // namespace

PreparedQueries::PreparedQueries(const float* queries, size_t count, size_t dims, bool whole_numbers)
    : stride_((dims + kQueryPadding - 1) / kQueryPadding * kQueryPadding), values_(count * stride_) {
  for (size_t i = 0; i < count; ++i) std::copy_n(queries + i * dims, dims, values_.data() + i * stride_);
  if (!whole_numbers) return;
  // Sums of products stay below 2³¹.
  const float limit = static_cast<float>(std::min<size_t>(32767, 2147483647 / (kInt8Limit * dims)));
  codes_.resize(count * stride_);
  scales_.resize(count);
  squares_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const float* const query = queries + i * dims;
    float greatest = 0;
    double square = 0;
    for (size_t dim = 0; dim < dims; ++dim) {
      greatest = std::max(greatest, std::fabs(query[dim]));
      square += static_cast<double>(query[dim]) * query[dim];
    }
    const float scale = greatest / limit;
    scales_[i] = scale;
    squares_[i] = static_cast<float>(square);
    if (!(scale > 0)) continue;
    for (size_t dim = 0; dim < dims; ++dim)
      codes_[i * stride_ + dim] = static_cast<int16_t>(std::clamp(std::nearbyint(query[dim] / scale), -limit, limit));
  }
}

CodeTables::CodeTables(const BinaryCodes& codes, const float* query, size_t dims) {
  static const auto turn = MERGANSER_SELECT(rotate);
  const size_t groups = code_groups(dims);
  std::vector<float> rotated(groups * 4);
  for (size_t i = 0; i < dims; ++i) rotated[i] = query[i] - codes.centre[i];
  turn(rotated.data(), dims, codes.signs, codes.rounds);
  const float levels = static_cast<float>(std::min<size_t>(255, 65535 / groups));
  std::vector<float> lows(groups);
  float widest = 0;
  for (size_t group = 0; group < groups; ++group) {
    float low = 0;
    for (size_t i = 0; i < 4; ++i) low -= std::fabs(rotated[4 * group + i]);
    lows[group] = low;
    widest = std::max(widest, -2 * low);
    lowest_ += low;
  }
  step_ = widest / levels;
  table_.resize(groups * 16);
  if (step_ == 0) return;
  for (size_t group = 0; group < groups; ++group) {
    const float* const four = rotated.data() + 4 * group;
    for (unsigned bits = 0; bits < 16; ++bits) {
      float sum = 0;
      for (unsigned i = 0; i < 4; ++i) sum += bits >> i & 1 ? four[i] : -four[i];
      table_[16 * group + bits] = static_cast<uint8_t>(std::min(levels, std::nearbyint((sum - lows[group]) / step_)));
    }
  }
}

}  // namespace merganser::search
