#include "merganser/reduction/byte_screen.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/row_products.hpp"
#include "merganser/reduction/token_groups.hpp"

namespace merganser::reduction {

using clustering::ByteCodes;
using clustering::ByteForm;
using clustering::kByteGroup;
using clustering::kPanel;

namespace {

constexpr float kUp = 1 + 1e-6f;
// What products of small numbers may be off by, whatever they are: they are rounded to multiples of 2⁻¹⁴⁹.
constexpr float kLeastRest = 1e-36f;
// Shorter tokens' products cost no more than their bounds, and few tokens' less than rounding all to bytes.
constexpr size_t kLeastDims = 32, kLeastTokens = 64, kCacheLine = 64, kMatrixStep = 64;
// So many products of a row take less time term after term than a choice among them first.
constexpr size_t kFew = 3;
// Rows that more than this part of the panels are in reach of take less time in tiles, with all panels.
constexpr size_t kPartInReach = 4;

struct RoundedToken {
  ByteForm form;
  float length, scale;  // scale: what it is multiplied by for cosines
  double square;
};

// Form and length are of the token times its scale. square: ‖token‖².
// most: of numbers at unit length, which share a scale; 0: the token has its own.
RoundedToken round_token(const float* token, double square, size_t dims, Similarity similarity, ByteCodes kind, float most, uint8_t* codes) {
  static const auto to_bytes = MERGANSER_SELECT_FROM(clustering::, to_bytes);
  static const auto to_bytes_below = MERGANSER_SELECT_FROM(clustering::, to_bytes_below);
  const float length = static_cast<float>(std::sqrt(square)) * kUp, scale = similarity == Similarity::cosine ? unit_scale(square) : 1;
  ByteForm form = most > 0 && scale > 0 ? to_bytes_below(token, dims, most / scale, length, kind, codes) : to_bytes(token, dims, length, kind, codes);
  form.scale *= scale;
  form.error *= scale * kUp;
  return {form, length * scale * kUp, scale, square};
}

// The dimensions of a head. Matrix tiles have multiplied all of them before heads are looked at, and short tokens' heads cost as much as they save.
size_t head_of(size_t dims) {
  constexpr size_t kLeastOfHeads = 256, kStep = 16;
  return has_matrix_tiles() || dims < kLeastOfHeads ? 0 : whole(dims / 2, kStep);
}

// At least the length of what is behind a token's head.
float behind_head(const float* token, size_t dims, size_t head, const RoundedToken& rounded) {
  static const auto dot = MERGANSER_SELECT_FROM(clustering::, dot);
  // Squares of smaller or greater tokens may be no numbers in single precision.
  constexpr double kLeast = 1e-20, kMost = 1e36;
  if (!(rounded.square > kLeast && rounded.square < kMost)) return rounded.length;
  return (std::sqrt(dot(token + head, token + head, dims - head)) * (1 + 1e-4f)) * rounded.scale + rounded.length * 1e-6f;
}

// Whether pairs of panels have a scale in common.
bool shares_scales(size_t dims, Similarity similarity) {
  static const auto compares = MERGANSER_SELECT(compares_sums);
  return similarity == Similarity::cosine && compares(dims);
}

// Bytes of a row; what is behind its dimensions is zero.
size_t padded(size_t dims) {
  const size_t step = has_matrix_tiles() ? kMatrixStep : kByteGroup;
  return (dims + step - 1) / step * step;
}

}  // namespace

bool ByteScreen::pays(const TokenRows& left, const TokenRows& right) {
  static const bool fast = MERGANSER_SELECT_FROM(clustering::, screens_by_bytes)();
  return fast && right.dims >= kLeastDims && right.dims <= clustering::kMostByteDims && right.count >= kLeastTokens && left.count >= kLeastTokens;
}

RoundedRows::RoundedRows(const TokenRows& tokens, size_t first, size_t rows, Similarity similarity)
    : count(rows), stride(padded(tokens.dims)), codes((rows + kRowsBehind) * stride), scales(rows + kRowsBehind), errors(rows + kRowsBehind), lengths(rows + kRowsBehind), floors(rows + kRowsBehind, kLowestFloor), behind(rows + kRowsBehind), squares(rows) {
  const size_t head = head_of(tokens.dims);
  const ByteCodes rows_as = has_matrix_tiles() ? ByteCodes::centroid : ByteCodes::row;
  for (size_t i = 0; i < count; ++i) {
    if (i % kLengthsTogether == 0) squared_lengths(tokens, first + i, first + count, squares.data() + i);
    const RoundedToken token = round_token(tokens.row(first + i), squares[i], tokens.dims, similarity, rows_as, 0, codes.data() + i * stride);
    scales[i] = token.form.scale;
    errors[i] = token.form.error;
    lengths[i] = token.length;
    if (head > 0) behind[i] = behind_head(tokens.row(first + i), tokens.dims, head, token);
  }
}

void RoundedRows::keep(const std::vector<uint32_t>& list) {
  for (size_t to = 0; to < list.size(); ++to) {
    const size_t from = list[to];
    std::copy_n(codes.data() + from * stride, stride, codes.data() + to * stride);
    scales[to] = scales[from], errors[to] = errors[from], lengths[to] = lengths[from], floors[to] = floors[from], behind[to] = behind[from];
  }
  count = list.size();
}

ByteScreen::ByteScreen(const TokenRows& tokens, Similarity similarity, const TokenGroups* groups, unsigned threads)
    : tokens_(tokens),
      similarity_(similarity),
      groups_(groups),
      panels_((tokens.count + kPanel - 1) / kPanel),
      stride_(padded(tokens.dims)),
      head_(head_of(tokens.dims)),
      choice_(tokens, similarity, panels_ * kPanel),
      memory_((panels_ + 1) / 2 * 2 * kPanel * stride_ + kCacheLine),
      codes_(reinterpret_cast<int8_t*>((reinterpret_cast<uintptr_t>(memory_.data()) + kCacheLine - 1) / kCacheLine * kCacheLine)),
      starts_((panels_ + 1) / 2 * 2 * kPanel),
      head_starts_(head_ > 0 ? panels_ * kPanel : 0),
      code_scales_(panels_ * kPanel),
      lengths_(panels_ * kPanel),
      errors_(panels_ * kPanel),
      rest_(panels_ * kPanel),
      pair_scales_(!groups && shares_scales(tokens.dims, similarity) ? (panels_ + 1) / 2 : 0),
      most_lengths_(panels_),
      most_errors_(panels_),
      most_rest_(panels_),
      most_behind_(panels_) {
  constexpr size_t kPanelsOfPiece = 4;
  parallel::parallel_for(threads, (panels_ + kPanelsOfPiece - 1) / kPanelsOfPiece, [&](size_t piece) {
    double squares[2 * kPanel];
    float shared = 0;
    for (size_t panel = piece * kPanelsOfPiece; panel < std::min(panels_, (piece + 1) * kPanelsOfPiece); ++panel) {
      if (!pair_scales_.empty() && panel % 2 == 0) shared = measure_pair(panel / 2, squares);
      pack_panel(panel, shared, squares + panel % 2 * kPanel);
    }
  });
  float greatest = 0;
  for (const float length : lengths_) greatest = std::max(greatest, length);
  choice_.finish(greatest);
}

size_t ByteScreen::token_of(size_t slot) const { return groups_ ? groups_->order()[slot] : slot; }

// The squares of a pair's tokens, and the greatest of their numbers at unit length.
float ByteScreen::measure_pair(size_t pair, double* squares) const {
  static const auto greatest = MERGANSER_SELECT_FROM(clustering::, greatest_magnitude);
  const size_t first = 2 * pair * kPanel, end = std::min(tokens_.count, first + 2 * kPanel);
  float most = 0;
  for (size_t slot = first; slot < end; ++slot) {
    if (slot % kLengthsTogether == 0) squared_lengths(tokens_, slot, end, squares + (slot - first));
    most = std::max(most, greatest(tokens_.row(slot), tokens_.dims) * unit_scale(squares[slot - first]));
  }
  return most;
}

// shared: what the pair's tokens share a scale for, and then their squares are known; or 0.
void ByteScreen::pack_panel(size_t panel, float shared, double* squares) {
  static const auto pack = MERGANSER_SELECT_FROM(clustering::, pack_byte_panel);
  static const auto offset = MERGANSER_SELECT_FROM(clustering::, row_offset);
  std::vector<int8_t> codes(kPanel * stride_);
  // The first tokens of the next panel, too, which are asked for.
  const size_t first = panel * kPanel, end = std::min(tokens_.count, first + kPanel);
  uint32_t places[kPanel + kLengthsTogether];
  const TokenRows rows{tokens_.data, places, std::min(tokens_.count, end + kLengthsTogether) - first, tokens_.dims};
  for (size_t i = 0; i < rows.count; ++i) places[i] = static_cast<uint32_t>(tokens_.rows ? tokens_.rows[token_of(first + i)] : token_of(first + i));
  for (size_t slot = first; slot < end; ++slot) {
    uint8_t* const to = reinterpret_cast<uint8_t*>(codes.data()) + (slot - first) * stride_;
    if (!(shared > 0) && slot % kLengthsTogether == 0) squared_lengths(rows, slot - first, rows.count, squares + (slot - first));
    const RoundedToken token = round_token(rows.row(slot - first), squares[slot - first], tokens_.dims, similarity_, ByteCodes::centroid, shared, to);
    code_scales_[slot] = token.form.scale;
    choice_.set(token_of(slot), token.square);
    if (!pair_scales_.empty()) pair_scales_[panel / 2] = std::max(pair_scales_[panel / 2], token.form.scale);
    lengths_[slot] = (token.length + token.form.error) * kUp;
    errors_[slot] = (token.form.error + choice_.rounding() * lengths_[slot]) * kUp;
    rest_[slot] = -choice_.halves()[token_of(slot)] * choice_.rounding() + kLeastRest;
    most_lengths_[panel] = std::max(most_lengths_[panel], lengths_[slot]);
    most_errors_[panel] = std::max(most_errors_[panel], errors_[slot]);
    most_rest_[panel] = std::max(most_rest_[panel], rest_[slot]);
    if (head_ == 0) continue;
    most_behind_[panel] = std::max(most_behind_[panel], behind_head(rows.row(slot - first), tokens_.dims, head_, token));
    head_starts_[slot] = offset() * std::accumulate(codes.data() + (slot - first) * stride_ + head_, codes.data() + (slot - first + 1) * stride_, int32_t{0});
  }
  pack(codes.data(), stride_ / kByteGroup, panel, codes_, starts_.data());
}

clustering::BytePanels ByteScreen::view() const {
  return {codes_, starts_.data(), code_scales_.data(), choice_.halves(), most_lengths_.data(), most_errors_.data(), panels_, stride_ / kByteGroup};
}

void ByteScreen::nearest(const TokenRows& left, size_t first, size_t count, bool wanted, uint32_t* slots, float* scores, std::vector<uint32_t>& left_over) const {
  RoundedRows rows(left, first, count, similarity_);
  const std::unique_ptr<Candidates[]> candidates(new Candidates[count]);
  if (groups_) find_in_groups(rows, first, left.count, candidates.get());
  else find_all(rows, first, left.count, candidates.get());
  SlotChoice::Rows choice(choice_, left, first, count, wanted, slots, scores);
  for (size_t i = 0; i < count; ++i) {
    const Candidates& of = candidates[i];
    if (of.count > Candidates::kMost || of.count == 0) left_over.push_back(static_cast<uint32_t>(first + i));
    else if (of.count <= (wanted ? kFew : 1)) choice.take(first + i, rows.squares[i], of.slots, of.count);
    else look_closer(left, first + i, rows.squares[i], of, choice);
  }
  choice.finish();
}

void ByteScreen::find_all(RoundedRows& rows, size_t first, size_t of, Candidates* candidates) const {
  static const auto find = MERGANSER_SELECT(byte_candidates);
  find(rows.view(), view(), margins(), {head_ / kByteGroup, rows.behind.data(), most_behind_.data(), head_starts_.data()}, {pair_scales_.empty() ? nullptr : pair_scales_.data()}, {first, of}, has_matrix_tiles(), candidates, rows.floors.data());
}

void ByteScreen::find_in_groups(RoundedRows& rows, size_t first, size_t of, Candidates* candidates) const {
  static const auto find = MERGANSER_SELECT(group_candidates);
  std::vector<uint32_t> list(rows.count);
  const size_t count = rows.count, most = std::min(kMostInReach, panels_ / kPartInReach);
  list.resize(find(rows.view(), view(), margins(), groups_->view(), most, candidates, rows.floors.data(), list.data()));
  if (!list.empty()) {
    rows.keep(list);
    const std::unique_ptr<Candidates[]> of_list(new Candidates[list.size()]);
    find_all(rows, first, of, of_list.get());
    for (size_t i = 0; i < list.size(); ++i) candidates[list[i]] = of_list[i];
  }
  for (size_t i = 0; i < count; ++i) {
    if (candidates[i].count > Candidates::kMost) continue;
    for (size_t c = 0; c < candidates[i].count; ++c) candidates[i].slots[c] = groups_->order()[candidates[i].slots[c]];
  }
}

void ByteScreen::look_closer(const TokenRows& left, size_t row, double square, const Candidates& candidates, SlotChoice::Rows& choice) const {
  static const auto multiply = MERGANSER_SELECT(products_with);
  uint32_t columns[Candidates::kMost];
  float products[Candidates::kMost];
  for (size_t i = 0; i < candidates.count; ++i) columns[i] = tokens_.rows ? tokens_.rows[candidates.slots[i]] : candidates.slots[i];
  multiply(left.row(row), tokens_.data, left.dims, columns, candidates.count, products);
  choice.take_greatest(row, square, candidates.slots, products, candidates.count);
}

}  // namespace merganser::reduction
