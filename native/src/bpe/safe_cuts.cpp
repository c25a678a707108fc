#include "merganser/bpe/safe_cuts.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include "merganser/bpe/token_units.hpp"

namespace merganser::bpe {
namespace {

// Bits that a pair of characters is hashed to.
constexpr uint32_t kLeastBits = 10, kMostBits = 24;

text::CutClass class_of(uint32_t ascii) {
  if (ascii == ' ') return text::kCutBlank;
  if (ascii >= '0' && ascii <= '9') return text::kCutDigit;
  const uint32_t lower = ascii | 0x20;
  return lower >= 'a' && lower <= 'z' ? text::kCutLetter : text::kCutOther;
}

// Whether a unit may be a letter that CutView::apart_behind and apart_before speak of. Parts of characters may be parts of such.
bool may_be_letter(const TokenUnit& unit) {
  const uint32_t c = unit.value;
  return !unit.whole || (c >= 0xC0 && c < 0x180) || (c >= 0x400 && c < 0x460) || (c >= 0x900 && c < 0x980 && (c < 0x964 || c > 0x970));
}

}  // namespace

std::unique_ptr<SafeCuts> SafeCuts::find(const Model& model) {
  const ModelSpec& spec = model.spec();
  if (!model.complete()) return nullptr;
  // Bytes that characters fall back to must not merge: what they would make is no text of its own.
  if (spec.char_units && (!spec.has_merges || spec.ignore_merges || model.merges_bytes())) return nullptr;
  auto cuts = std::unique_ptr<SafeCuts>(new SafeCuts());
  std::fill(std::begin(cuts->view_.apart_behind), std::end(cuts->view_.apart_behind), ~uint64_t{0});
  std::fill(std::begin(cuts->view_.apart_before), std::end(cuts->view_.apart_before), ~uint64_t{0});
  std::vector<uint64_t> joined;
  if (spec.char_units) {
    for (const uint32_t id : model.merged_tokens()) cuts->note_token(spec.token(id), spec.token(id) + spec.token_size(id), joined);
  } else {
    for (uint32_t id = 0; id < spec.vocab_size(); ++id) cuts->note_token(spec.token(id), spec.token(id) + spec.token_size(id), joined);
  }
  if (spec.ignore_merges) cuts->guard_unreachable(model, joined);
  cuts->build_filter(joined);
  cuts->sum_up_parts();
  cuts->sum_up_classes();
  return cuts;
}

std::unique_ptr<SafeCuts> SafeCuts::read(io::TableReader& tables) {
  auto cuts = std::unique_ptr<SafeCuts>(new SafeCuts());
  text::CutView& view = cuts->view_;
  tables.array(&view.ascii[0][0], std::size(view.ascii) * 2);
  tables.array(&view.never[0][0], 16);
  tables.array(&view.ask[0][0], 16);
  tables.array(view.apart_behind, std::size(view.apart_behind));
  tables.array(view.apart_before, std::size(view.apart_before));
  tables.array(view.partial, std::size(view.partial));
  if (tables.value<uint64_t>() != 0) {
    cuts->guards_.resize(kGuards);
    tables.array(cuts->guards_.data(), kGuards);
  }
  const uint64_t bits = tables.value<uint64_t>();
  io::check(bits >= kLeastBits && bits <= kMostBits);
  view.pair_shift = static_cast<uint32_t>(32 - bits);
  cuts->pairs_.resize((size_t{1} << bits) / 64);
  tables.array(cuts->pairs_.data(), cuts->pairs_.size());
  cuts->sum_up_parts();
  return cuts;
}

void SafeCuts::save(io::TableWriter& tables) const {
  tables.array(&view_.ascii[0][0], std::size(view_.ascii) * 2);
  tables.array(&view_.never[0][0], 16);
  tables.array(&view_.ask[0][0], 16);
  tables.array(view_.apart_behind, std::size(view_.apart_behind));
  tables.array(view_.apart_before, std::size(view_.apart_before));
  tables.array(view_.partial, std::size(view_.partial));
  tables.value(uint64_t{!guards_.empty()});
  if (!guards_.empty()) tables.array(guards_.data(), guards_.size());
  tables.value(uint64_t{32 - view_.pair_shift});
  tables.array(pairs_.data(), pairs_.size());
}

void SafeCuts::guard_unreachable(const Model& model, std::vector<uint64_t>& joined) {
  const ModelSpec& spec = model.spec();
  for (const uint32_t id : model.unreachable()) {
    const uint8_t* const token = spec.token(id);
    const uint8_t* const end = token + spec.token_size(id);
    if (token == end) continue;
    const TokenUnit first = unit_at(token, end);
    const TokenUnit last = unit_at(token + text::previous_start(token, static_cast<size_t>(end - token)), end);
    // No piece of whole characters is spelt like a token that begins or ends within one.
    if (!first.whole || !last.whole) continue;
    // Guarded characters join with whatever stands beside them.
    std::fill(std::begin(view_.apart_behind), std::end(view_.apart_behind), 0);
    std::fill(std::begin(view_.apart_before), std::end(view_.apart_before), 0);
    joined.push_back(static_cast<uint64_t>(text::CutView::kAny) << 32 | first.value);
    joined.push_back(static_cast<uint64_t>(last.value) << 32 | text::CutView::kAny);
    guards_.resize(kGuards);
    if (first.value < kGuarded) guards_[first.value / 16] |= 1u << (2 * (first.value % 16));
    if (last.value < kGuarded) guards_[last.value / 16] |= 2u << (2 * (last.value % 16));
  }
}

// The places within a token where a character of well-formed text may begin.
void SafeCuts::note_token(const uint8_t* token, const uint8_t* end, std::vector<uint64_t>& joined) {
  if (token == end) return;
  TokenUnit left = unit_at(token, end);
  for (const uint8_t* at = token + left.size; at < end;) {
    const TokenUnit right = unit_at(at, end);
    if (left.whole && right.whole && left.value < 128 && right.value < 128) {
      view_.ascii[left.value][right.value >> 6] |= uint64_t{1} << (right.value & 63);
    } else {
      if (left.whole && left.value < 128 && may_be_letter(right)) view_.apart_before[class_of(left.value)] = 0;
      if (right.whole && right.value < 128 && may_be_letter(left)) view_.apart_behind[class_of(right.value)] = 0;
      joined.push_back(seam_key(left, right, at));
      if (!left.whole || !right.whole) view_.partial[at[-1] & 63] |= uint64_t{1} << (at[0] & 63);
    }
    left = right;
    at += right.size;
  }
}

void SafeCuts::build_filter(std::vector<uint64_t>& joined) {
  std::sort(joined.begin(), joined.end());
  joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
  const uint32_t bits = std::clamp(static_cast<uint32_t>(std::bit_width(joined.size() * 16)), kLeastBits, kMostBits);
  pairs_.assign((size_t{1} << bits) / 64, 0);
  view_.pair_shift = 32 - bits;
  for (const uint64_t pair : joined) {
    const uint32_t left = static_cast<uint32_t>(pair >> 32), right = static_cast<uint32_t>(pair);
    const uint32_t hash = view_.pair_hash(left, right);
    pairs_[hash >> 6] |= uint64_t{1} << (hash & 63);
  }
}

// What of the view follows from the rest of it.
void SafeCuts::sum_up_parts() {
  view_.pairs = pairs_.data();
  view_.guards = guards_.empty() ? nullptr : guards_.data();
  for (uint32_t last = 0; last < 64; ++last) view_.partial3[last] = static_cast<uint16_t>(view_.partial[last] >> (0xE0 & 63));
}

// Once everything is noted.
void SafeCuts::sum_up_classes() {
  bool any[4][4] = {}, all[4][4];
  std::fill(&all[0][0], &all[0][0] + 16, true);
  for (uint8_t left = 0; left < 128; ++left) {
    for (uint8_t right = 0; right < 128; ++right) {
      const uint8_t pair[2] = {left, right};
      const bool joins = view_.may_join(left, right, pair + 1);
      any[class_of(left)][class_of(right)] |= joins;
      all[class_of(left)][class_of(right)] &= joins;
    }
  }
  for (int left = 0; left < 4; ++left) {
    for (int right = 0; right < 4; ++right) {
      const bool left_alone = left == text::kCutBlank || (left == text::kCutLetter && right == text::kCutLetter);
      view_.never[left][right] = any[left][right] ? 0 : ~uint64_t{0};
      view_.ask[left][right] = any[left][right] && !all[left][right] && !left_alone ? ~uint64_t{0} : 0;
    }
  }
}

}  // namespace merganser::bpe
