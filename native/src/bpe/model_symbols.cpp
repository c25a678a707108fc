// What a piece is before anything merges: its symbols.
#include <algorithm>

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {

uint32_t Model::unit_id(const uint8_t* unit, size_t size, bool first, bool last) const {
  const bool prefixed = !first && !spec_.continuing_prefix.empty();
  const bool suffixed = last && !spec_.end_of_word_suffix.empty();
  if (!prefixed && !suffixed) {
    if (!spec_.char_units) return byte_ids_[*unit];
    return character_id(unit, size);
  }
  Bytes text;
  if (prefixed) text = spec_.continuing_prefix;
  text.insert(text.end(), unit, unit + size);
  if (suffixed) text.insert(text.end(), spec_.end_of_word_suffix.begin(), spec_.end_of_word_suffix.end());
  return index_.find(text.data(), text.size());
}

void Model::symbols(const uint8_t* piece, size_t size, MergeScratch& scratch) const {
  auto& ids = scratch.ids;
  auto& sizes = scratch.sizes;
  ids.clear();
  sizes.clear();
  if (!complete_) return symbols_with_unknown(piece, size, scratch);
  if (!spec_.char_units) {
    ids.resize(size);
    for (size_t i = 0; i < size; ++i) ids[i] = byte_ids_[piece[i]];
    sizes.assign(size, 1);
    return;
  }
  size_t heard = MergeScratch::kHeard;
  for (size_t i = 0; i < size;) {
    if (i >= heard && scratch.reading_stopped(i, heard)) return;
    const size_t length = text::sequence_size(piece[i]);
    const uint32_t id = character_id(piece + i, length);
    if (id != kNone) {
      ids.push_back(id);
      sizes.push_back(static_cast<uint32_t>(length));
    } else {
      for (size_t k = 0; k < length; ++k) {
        ids.push_back(byte_ids_[piece[i + k]]);
        sizes.push_back(1);
      }
    }
    i += length;
  }
}

// The reference's rules for what is not in the vocabulary, its oddities included: an unknown that waits to be fused is written when the next
// known unit comes (byte tokens do not count as that), and sizes are summed up by the reader, so that units that vanish shift what follows.
void Model::symbols_with_unknown(const uint8_t* piece, size_t size, MergeScratch& scratch) const {
  auto add = [&](uint32_t id, uint32_t length) {
    scratch.ids.push_back(id);
    scratch.sizes.push_back(length);
  };
  uint32_t waiting = 0;  // size of the unknown that waits, 0: none
  const uint32_t unk = static_cast<uint32_t>(spec_.unk_id);
  size_t heard = MergeScratch::kHeard;
  for (size_t i = 0; i < size;) {
    if (i >= heard && scratch.reading_stopped(i, heard)) return;
    const size_t length = spec_.char_units ? text::sequence_size(piece[i]) : 1;
    const bool first = i == 0, last = i + length == size;
    const uint32_t id = unit_id(piece + i, length, first, last);
    if (id != kNone) {
      if (waiting) add(unk, waiting);
      waiting = 0;
      add(id, static_cast<uint32_t>(length));
      i += length;
      continue;
    }
    if (spec_.char_units && spec_.byte_fallback) {
      Bytes text;
      if (!first) text = spec_.continuing_prefix;
      text.insert(text.end(), piece + i, piece + i + length);
      if (last) text.insert(text.end(), spec_.end_of_word_suffix.begin(), spec_.end_of_word_suffix.end());
      if (std::all_of(text.begin(), text.end(), [&](uint8_t byte) { return byte_ids_[byte] != kNone; })) {
        for (const uint8_t byte : text) add(byte_ids_[byte], 1);
        i += length;
        continue;
      }
    }
    if (spec_.unk_id >= 0) {
      if (waiting && !spec_.fuse_unk) {
        add(unk, waiting);
        waiting = 0;
      }
      waiting += static_cast<uint32_t>(length);
    }
    i += length;
  }
  if (waiting) add(unk, waiting);
}

}  // namespace merganser::bpe
