#include "merganser/bpe/safe_cuts.hpp"

#include <algorithm>
#include <bit>

#include "merganser/text/utf8.hpp"

namespace merganser::bpe {
namespace {

// What stands in a token where a character should: a whole one, or a part.
struct Unit {
  uint32_t value;
  uint32_t size;
  bool whole;
};

Unit unit_at(const uint8_t* at, const uint8_t* end) {
  const uint32_t wanted = text::sequence_size(*at);
  if ((*at & 0xC0) == 0x80 || wanted > static_cast<size_t>(end - at)) return {0, 1, false};
  for (uint32_t i = 1; i < wanted; ++i) {
    if ((at[i] & 0xC0) != 0x80) return {0, 1, false};
  }
  return {text::decode(at).value, wanted, true};
}

}  // namespace

std::unique_ptr<SafeCuts> SafeCuts::find(const Model& model) {
  const ModelSpec& spec = model.spec();
  if (!model.complete()) return nullptr;
  // Bytes that characters fall back to must not merge: what they would make is no text of its own.
  if (spec.char_units && (!spec.has_merges || spec.ignore_merges || model.merges_bytes())) return nullptr;
  auto cuts = std::unique_ptr<SafeCuts>(new SafeCuts());
  std::vector<uint64_t> joined;
  if (spec.char_units) {
    for (const uint32_t id : model.products()) cuts->note_token(spec.token(id), spec.token(id) + spec.token_size(id), joined);
  } else {
    for (uint32_t id = 0; id < spec.vocab_size(); ++id) cuts->note_token(spec.token(id), spec.token(id) + spec.token_size(id), joined);
  }
  if (spec.ignore_merges) {
    const size_t before = joined.size();
    guard_unreachable(model, joined);
    cuts->view_.guarded = joined.size() > before;
  }
  cuts->build_filter(joined);
  return cuts;
}

void SafeCuts::guard_unreachable(const Model& model, std::vector<uint64_t>& joined) {
  const ModelSpec& spec = model.spec();
  for (const uint32_t id : model.unreachable()) {
    const uint8_t* const token = spec.token(id);
    const uint8_t* const end = token + spec.token_size(id);
    if (token == end) continue;
    const Unit first = unit_at(token, end);
    const Unit last = unit_at(token + text::previous_start(token, static_cast<size_t>(end - token)), end);
    // No piece of whole characters is spelt like a token that begins or ends within one.
    if (!first.whole || !last.whole) continue;
    joined.push_back(static_cast<uint64_t>(text::CutView::kAny) << 32 | first.value);
    joined.push_back(static_cast<uint64_t>(last.value) << 32 | text::CutView::kAny);
  }
}

// The places within a token where a character of well-formed text may begin.
void SafeCuts::note_token(const uint8_t* token, const uint8_t* end, std::vector<uint64_t>& joined) {
  if (token == end) return;
  Unit left = unit_at(token, end);
  for (const uint8_t* at = token + left.size; at < end;) {
    const Unit right = unit_at(at, end);
    if (left.whole && right.whole && left.value < 128 && right.value < 128) {
      view_.ascii[left.value][right.value >> 6] |= uint64_t{1} << (right.value & 63);
    } else if (left.whole && right.whole) {
      joined.push_back(static_cast<uint64_t>(left.value) << 32 | right.value);
    } else {
      view_.partial[at[-1] & 63] |= uint64_t{1} << (at[0] & 63);
    }
    left = right;
    at += right.size;
  }
}

void SafeCuts::build_filter(std::vector<uint64_t>& joined) {
  std::sort(joined.begin(), joined.end());
  joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
  const uint32_t bits = std::clamp(static_cast<uint32_t>(std::bit_width(joined.size() * 16)), 10u, 24u);
  pairs_.assign((size_t{1} << bits) / 64, 0);
  view_.pairs = pairs_.data();
  view_.pair_shift = 32 - bits;
  for (const uint64_t pair : joined) {
    const uint32_t left = static_cast<uint32_t>(pair >> 32), right = static_cast<uint32_t>(pair);
    const uint32_t hash = view_.pair_hash(left, right);
    pairs_[hash >> 6] |= uint64_t{1} << (hash & 63);
  }
}

uint32_t SafeCuts::scan(const uint8_t*& position, const uint8_t* end, const uint8_t* base, uint32_t* ends, uint32_t capacity) const {
  uint32_t count = 0;
  const uint8_t* at = position;
  text::CodePoint left = text::decode(at);
  at += left.size;
  while (at < end && count < capacity) {
    const text::CodePoint right = text::decode(at);
    // Written always, kept if it is a cut: whether it is one is the least predictable thing about text.
    ends[count] = static_cast<uint32_t>(at - base);
    count += !view_.may_join(left.value, right.value, at);
    left = right;
    at += right.size;
  }
  if (count < capacity && at >= end) ends[count++] = static_cast<uint32_t>(end - base);
  if (count > 0) position = base + ends[count - 1];
  return count;
}

}  // namespace merganser::bpe
