#include <algorithm>

#include "merganser/attention/attend_matrix_tiles.hpp"
#include "merganser/attention/attention.hpp"
#include "merganser/attention/cluster_rows.hpp"
#include "merganser/attention/unit_attention.hpp"

namespace merganser::attention {
namespace {

// Rows that one thread takes at a time.
constexpr size_t kRowsAtATime = 8192;

void list_rows(const RowLists& lists, size_t length, size_t unit, std::vector<uint32_t>& list) {
  for (size_t entry = lists.offsets[unit]; entry < lists.offsets[unit + 1]; ++entry) {
    if (lists.starts[entry] < 0) continue;
    const size_t first = static_cast<size_t>(lists.starts[entry]) * lists.block;
    const size_t end = std::min(length, first + (lists.lengths ? lists.lengths[entry] : lists.block));
    for (size_t row = first; row < end; ++row) list.push_back(static_cast<uint32_t>(row));
  }
}

}  // namespace

bool suits_matrix_tiles(const AttentionShape& shape, RowType keys, RowType values) {
  if (!fit_matrix_tiles(keys, values) || shape.sequences == 0) return false;
  const size_t longest = *std::max_element(shape.query_lengths, shape.query_lengths + shape.sequences);
  return shape.group * std::min(longest, shape.tile) >= kTiledQueries && has_matrix_tiles();
}

QueryForms forms_for(const AttentionShape& shape, const std::vector<KeyPart>& parts) {
  QueryForms forms;
  forms.only_plain = true;
  for (const KeyPart& part : parts) {
    if (part.variances.data) forms.squares = true;
    const bool suits = !part.variances.data && suits_matrix_tiles(shape, part.keys.type, part.values.type);
    if (suits) forms.plain = true;
    else forms.only_plain = false;
  }
  return forms;
}

void order_list(SeenRows& seen, const UnitWork& work) {
  static const auto turns_kernel = MERGANSER_SELECT(rows_in_turns);
  if (work.queries->count() >= kTiledQueries) return;
  std::vector<uint32_t> turns(seen.count);
  turns_kernel(seen.list.data(), seen.count, turns.data());
  seen.list = std::move(turns);
}

void see_parts(const std::vector<KeyPart>& parts, UnitWork& work) {
  const auto [sequence, head, from, to] = work.unit;
  for (const KeyPart& part : parts) {
    SeenRows seen;
    seen.rows.keys = part.keys.rows_of(sequence, head);
    seen.rows.values = part.values.rows_of(sequence, head);
    if (part.variances.data) seen.rows.variances = part.variances.rows_of(sequence, head);
    seen.rows.bias = part.bias.data ? reinterpret_cast<const float*>(part.bias.head(sequence, head)) : nullptr;
    seen.rows.bias_stride = part.bias.row_stride;
    seen.causal = part.causal;
    seen.count = seen.length = part.lengths[sequence];
    seen.listed = part.lists.offsets != nullptr;
    if (seen.listed) {
      list_rows(part.lists, seen.length, work.index, seen.list);
      seen.count = seen.list.size();
      order_list(seen, work);
    }
    work.seen.push_back(std::move(seen));
  }
}

void attend(const AttentionShape& shape, const std::vector<KeyPart>& parts, const ResultRows& output, const ResultRows& log_sum_exp, const Control& control) {
  attend_units(shape, {kRowsAtATime, forms_for(shape, parts)}, [&](UnitWork& work, unsigned) { see_parts(parts, work); }, output, log_sum_exp, control);
}

}  // namespace merganser::attention
