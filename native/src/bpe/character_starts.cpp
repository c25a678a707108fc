#include "merganser/bpe/character_starts.hpp"

#include <algorithm>

#include "merganser/bpe/model.hpp"
#include "merganser/bpe/token_units.hpp"

namespace merganser::bpe {
namespace {

// A character's bytes merged alone.
struct Merged {
  uint32_t id;          // kNone if more than one token is left
  uint32_t completion;  // the highest merge
};

Merged merge_alone(const Model& model, const uint8_t* character, size_t size) {
  const auto byte_id = [&](size_t i) { return static_cast<uint32_t>(model.spec().byte_ids[character[i]]); };
  uint32_t first = byte_id(0), second = byte_id(1), lower = 0;
  if (size == 3) {
    const uint32_t third = byte_id(2);
    const uint32_t left = model.pairs().find(first, second), right = model.pairs().find(second, third);
    lower = std::min(left, right);
    if (lower == kNone) return {kNone, 0};
    if (left <= right) {
      first = model.product(left);
      second = third;
    } else {
      second = model.product(right);
    }
  }
  const uint32_t last = model.pairs().find(first, second);
  if (last == kNone) return {kNone, 0};
  return {model.product(last), std::max(lower, last)};
}

}  // namespace

CharacterStarts::CharacterStarts(const Model& model) : ids_(kCharacters, kNone), in_part_(65536 / 64, 0), filter_((size_t{1} << kFilterBits) / 64, 0) {
  const ModelSpec& spec = model.spec();
  // The lowest merge that makes a token with the character and something else in it.
  std::vector<uint32_t> first_use(kCharacters, kNone);
  const auto note = [&](uint32_t id, uint32_t merge) {
    const uint8_t* const token = spec.token(id);
    const uint8_t* const end = token + spec.token_size(id);
    if (std::any_of(token, end, [](uint8_t byte) { return byte >= 0x80; })) note_product(token, end, merge, first_use);
  };
  model.pairs().for_each([&](uint32_t, uint32_t, uint32_t merge) { note(model.product(merge), merge); });

  for (uint32_t byte = 0; byte < 0x80; ++byte) ids_[byte] = static_cast<uint32_t>(spec.byte_ids[byte]);
  for (uint32_t id = 0; id < spec.vocab_size(); ++id) {
    const uint32_t size = spec.token_size(id);
    if (size != 2 && size != 3) continue;
    const TokenUnit unit = unit_at(spec.token(id), spec.token(id) + size);
    if (!unit.whole || unit.size != size || unit.value < (size == 2 ? 0x80u : 0x800u)) continue;
    const Merged merged = merge_alone(model, spec.token(id), size);
    if (merged.id != kNone && merged.completion < first_use[unit.value]) ids_[unit.value] = merged.id;
  }
}

void CharacterStarts::note_product(const uint8_t* token, const uint8_t* end, uint32_t merge, std::vector<uint32_t>& first_use) {
  TokenUnit left = unit_at(token, end);
  if (left.size == static_cast<size_t>(end - token)) return;
  const auto use = [&](const TokenUnit& unit) {
    if (unit.whole && unit.value < kCharacters) first_use[unit.value] = std::min(first_use[unit.value], merge);
  };
  use(left);
  for (const uint8_t* at = token + left.size; at < end;) {
    const TokenUnit right = unit_at(at, end);
    use(right);
    if (!left.whole || !right.whole) {
      const uint32_t bytes = static_cast<uint32_t>(at[-1]) << 8 | at[0];
      in_part_[bytes >> 6] |= uint64_t{1} << (bytes & 63);
      const uint64_t key = seam_key(left, right, at);
      const uint32_t hash = hash_of(static_cast<uint32_t>(key >> 32), static_cast<uint32_t>(key));
      filter_[hash >> 6] |= uint64_t{1} << (hash & 63);
    }
    left = right;
    at += right.size;
  }
}

bool CharacterStarts::joins_parts(uint32_t left, uint32_t right, const uint8_t* at) const {
  const uint32_t bytes = static_cast<uint32_t>(at[-1]) << 8 | at[0];
  if (!(in_part_[bytes >> 6] >> (bytes & 63) & 1)) return false;
  const uint32_t part_before = text::CutView::kPartBefore | at[-1], part_behind = text::CutView::kPartBehind | at[0];
  return may_hold(left, part_behind) || may_hold(part_before, right) || may_hold(part_before, part_behind);
}

uint32_t CharacterStarts::symbols(const uint8_t* piece, size_t size, uint32_t most, uint32_t* ids) const {
  uint32_t count = 0, left = 0;
  for (size_t i = 0; i < size; ++count) {
    // Pieces need not be whole characters: tokens are merged, too.
    const TokenUnit unit = unit_at(piece + i, piece + size);
    if (!unit.whole || unit.value >= kCharacters || unit.value < (unit.size == 1 ? 0u : unit.size == 2 ? 0x80u : 0x800u)) return 0;
    const uint32_t id = ids_[unit.value];
    if (id == kNone || count == most || (i > 0 && joins_parts(left, unit.value, piece + i))) return 0;
    ids[count] = id;
    left = unit.value;
    i += unit.size;
  }
  return count;
}

}  // namespace merganser::bpe
