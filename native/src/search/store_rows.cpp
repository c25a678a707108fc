#include "merganser/search/store_rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "merganser/clustering/greatest_square.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

auto staging() { return MERGANSER_SELECT(stage_row); }

}  // namespace
}  // namespace merganser::clustering

namespace merganser::search {
namespace {

constexpr float kFloat16Limit = 65520;
constexpr float kInt8Limit = 127;
constexpr size_t kBlock = 64;
constexpr size_t kStep = 16;

uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

uint16_t to_float16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  // 2²³ + x leaves x rounded to a whole number in the low bits.
  if (magnitude < 0x38800000u) return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(std::fabs(value) * 0x1p24f + 0x1p23f) & 0x7FFF));
  return static_cast<uint16_t>(sign | (magnitude - 0x38000000u + 0xFFF + (magnitude >> 13 & 1)) >> 13);
}

// false: a number is too large for the type.
bool write_row(const SlotRows& rows, size_t slot, const float* row, size_t dims) {
  const size_t at = slot * dims;
  switch (rows.type) {
    case RowType::float32: std::copy_n(row, dims, static_cast<float*>(rows.data) + at); return true;
    case RowType::bfloat16: std::transform(row, row + dims, static_cast<uint16_t*>(rows.data) + at, to_bfloat16); return true;
    case RowType::float16:
      if (!std::all_of(row, row + dims, [](float value) { return std::fabs(value) < kFloat16Limit; })) return false;
      std::transform(row, row + dims, static_cast<uint16_t*>(rows.data) + at, to_float16);
      return true;
    case RowType::int8: break;
  }
  float greatest = 0;
  for (size_t i = 0; i < dims; ++i) greatest = std::max(greatest, std::fabs(row[i]));
  const float scale = greatest / kInt8Limit;
  int8_t* const codes = static_cast<int8_t*>(rows.data) + at;
  double square = 0;
  for (size_t i = 0; i < dims; ++i) {
    const float code = scale == 0 ? 0 : std::clamp(std::nearbyint(row[i] / scale), -kInt8Limit, kInt8Limit);
    codes[i] = static_cast<int8_t>(code);
    square += code * code;
  }
  rows.scales[2 * slot] = scale;
  rows.scales[2 * slot + 1] = static_cast<float>(square * scale * scale);
  return true;
}

// Centroids as codes see them: centred and rotated.
class RotatedCentroids {
 public:
  // All of them at once, if that pays.
  RotatedCentroids(const SearchView& view, bool all, unsigned threads) : view_(view), padded_((view.dims + kStep - 1) / kStep * kStep) {
    if (!all || !view.codes.bits) return;
    rows_.resize(view.lists * padded_);
    parallel::parallel_for(threads, view.lists, [&](size_t list) { rotate_into(list, rows_.data() + list * padded_); });
  }
  // In `scratch`, if there is none yet.
  const float* of(size_t list, float* scratch) const {
    if (!rows_.empty()) return rows_.data() + list * padded_;
    rotate_into(list, scratch);
    return scratch;
  }

 private:
  void rotate_into(size_t list, float* out) const {
    static const auto turn = MERGANSER_SELECT(rotate);
    const float* const centroid = view_.centroids.data + list * view_.dims;
    for (size_t i = 0; i < view_.dims; ++i) out[i] = centroid[i] - view_.codes.centre[i];
    turn(out, view_.dims, view_.codes.signs, view_.codes.rounds);
  }
  const SearchView& view_;
  const size_t padded_;
  std::vector<float> rows_;
};

// What one thread needs to make codes.
struct CodeScratch {
  explicit CodeScratch(size_t dims) : residual(dims), base(dims + kStep), nibbles(code_groups(dims)) {}
  std::vector<float> residual, base;
  std::vector<uint8_t> nibbles;
};

// Slots of one page share bytes: those of a list are stored by one thread only.
void write_code(const SearchView& view, size_t slot, size_t list, const float* row, const RotatedCentroids& centroids, CodeScratch& scratch) {
  static const auto turn = MERGANSER_SELECT(rotate);
  const BinaryCodes& codes = view.codes;
  const float* const centroid = view.centroids.data + list * view.dims;
  float* const residual = scratch.residual.data();
  double square = 0, along = 0, sum = 0, own = 0;
  for (size_t i = 0; i < view.dims; ++i) {
    residual[i] = row[i] - centroid[i];
    square += static_cast<double>(residual[i]) * residual[i];
    along += static_cast<double>(residual[i]) * centroid[i];
  }
  turn(residual, view.dims, codes.signs, codes.rounds);
  const float* const base = centroids.of(list, scratch.base.data());
  std::fill(scratch.nibbles.begin(), scratch.nibbles.end(), uint8_t{0});
  for (size_t i = 0; i < view.dims; ++i) {
    sum += std::fabs(residual[i]);
    const bool positive = residual[i] >= 0;
    own += positive ? base[i] : -base[i];
    if (positive) scratch.nibbles[i / 4] = static_cast<uint8_t>(scratch.nibbles[i / 4] | 1u << i % 4);
  }
  const float factor = sum == 0 ? 0 : static_cast<float>(square / sum);
  const size_t page = slot / kPageSlots, lane = slot % kPageSlots;
  codes.factors[2 * page * kPageSlots + lane] = static_cast<float>((view.kind == ScoreKind::dot ? along : -square / 2) - factor * own);
  codes.factors[(2 * page + 1) * kPageSlots + lane] = factor;
  uint8_t* byte = codes.bits + page * scratch.nibbles.size() * 16 + lane % 16;
  for (const uint8_t nibble : scratch.nibbles) {
    *byte = static_cast<uint8_t>(lane < 16 ? (*byte & 0xF0) | nibble : (*byte & 0x0F) | nibble << 4);
    byte += 16;
  }
}

}  // namespace

void store_rows(const SearchView& view, const StoreSpec& spec, const StoreProgress& progress) {
  static const auto stage = clustering::staging();
  const size_t dims = view.dims, padded = (dims + kStep - 1) / kStep * kStep;
  const RotatedCentroids centroids(view, spec.count >= view.lists, spec.threads);
  // Points in the order of their slots, so that a page belongs to one block.
  std::vector<uint32_t> order(spec.count);
  for (size_t i = 0; i < spec.count; ++i) order[i] = static_cast<uint32_t>(i);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return spec.slots[a] < spec.slots[b]; });
  std::vector<size_t> starts;
  for (size_t i = 0; i < spec.count; ++i) {
    const bool new_page = i == 0 || spec.slots[order[i]] / kPageSlots != spec.slots[order[i - 1]] / kPageSlots;
    if (new_page && (starts.empty() || i - starts.back() >= kBlock)) starts.push_back(i);
  }
  starts.push_back(spec.count);
  std::atomic<size_t> done{0}, not_finite{spec.count}, too_large{spec.count};
  const auto lower = [](std::atomic<size_t>& first, size_t point) {
    for (size_t known = first; point < known && !first.compare_exchange_weak(known, point);) {}
  };
  parallel::parallel_for(spec.threads, starts.size() - 1, [&](size_t block) {
    if (!progress(done)) return;
    std::vector<float> row(padded);
    CodeScratch scratch(dims);
    for (size_t i = starts[block]; i < starts[block + 1]; ++i) {
      const size_t point = order[i], slot = spec.slots[point];
      stage(spec.points, spec.rows ? spec.rows[point] : point, row.data(), padded);
      double square = 0;
      for (size_t dim = 0; dim < dims; ++dim) square += static_cast<double>(row[dim]) * row[dim];
      if (!(square < clustering::kGreatestSquare)) {
        lower(not_finite, point);
        continue;
      }
      if (spec.unit_length && square > 0) {
        const double scale = 1 / std::sqrt(square);
        for (size_t dim = 0; dim < dims; ++dim) row[dim] = static_cast<float>(row[dim] * scale);
      }
      const bool stored = write_row(view.rows, slot, row.data(), dims) &&
                          (!view.exact.data || view.exact_by_id || write_row(view.exact, slot, row.data(), dims));
      if (!stored) lower(too_large, point);
      else if (view.codes.bits) write_code(view, slot, spec.lists ? spec.lists[point] : 0, row.data(), centroids, scratch);
    }
    done += starts[block + 1] - starts[block];
  });
  const size_t first = std::min<size_t>(not_finite, too_large);
  if (first < spec.count) throw std::invalid_argument((first == not_finite ? "not finite: " : "too large: ") + std::to_string(first));
}

}  // namespace merganser::search
