#include "merganser/bpe/text_rewriter.hpp"

#include <algorithm>
#include <cstring>

#include "merganser/text/nfc.hpp"

namespace merganser::bpe {
namespace {

constexpr size_t kPadding = 64;
// SentencePiece's mark for a space, U+2581.
constexpr uint8_t kSpaceMark[3] = {0xE2, 0x96, 0x81};

const uint8_t* find_space_mark(const uint8_t* begin, const uint8_t* end) {
  while (end - begin >= 3) {
    begin = static_cast<const uint8_t*>(std::memchr(begin, kSpaceMark[0], static_cast<size_t>(end - begin) - 2));
    if (!begin) return nullptr;
    if (begin[1] == kSpaceMark[1] && begin[2] == kSpaceMark[2]) return begin;
    ++begin;
  }
  return nullptr;
}

}  // namespace

bool TextRewriter::wants_prefix(const Stretch& stretch, StretchPlace place) const {
  if (stretch.begin == stretch.end || place == StretchPlace::within) return false;
  const bool space = *stretch.begin == ' ' || (space_alias_ && find_space_mark(stretch.begin, std::min(stretch.begin + 3, stretch.end)));
  switch (prefix_space_) {
    case PrefixSpace::never:
      return false;
    case PrefixSpace::always:
      return true;
    case PrefixSpace::unless_space:
      return !space;
    case PrefixSpace::first_unless_space:
      return place == StretchPlace::first && !space;
  }
  return false;
}

bool TextRewriter::leaves(const Stretch& text) const {
  return !nfc_ && prefix_space_ == PrefixSpace::never && !(space_alias_ && find_space_mark(text.begin, text.end));
}

Stretch TextRewriter::rewrite(Stretch stretch, StretchPlace place) {
  if (nfc_ && !text::is_nfc_quick(stretch.begin, static_cast<size_t>(stretch.end - stretch.begin))) {
    composed_.clear();
    text::to_nfc(stretch.begin, static_cast<size_t>(stretch.end - stretch.begin), composed_);
    const size_t size = composed_.size();
    composed_.resize(size + kPadding, 0);
    stretch = {composed_.data(), composed_.data() + size, composed_.data() + composed_.size()};
  }
  const bool prefix = wants_prefix(stretch, place);
  const uint8_t* mark = space_alias_ ? find_space_mark(stretch.begin, stretch.end) : nullptr;
  if (!prefix && !mark) return stretch;
  rewritten_.resize(static_cast<size_t>(stretch.end - stretch.begin) + 1 + kPadding);
  uint8_t* out = rewritten_.data();
  if (prefix) *out++ = ' ';
  const uint8_t* from = stretch.begin;
  for (; mark; mark = find_space_mark(from, stretch.end)) {
    out = static_cast<uint8_t*>(std::memcpy(out, from, static_cast<size_t>(mark - from))) + (mark - from);
    *out++ = ' ';
    from = mark + sizeof kSpaceMark;
  }
  std::memcpy(out, from, static_cast<size_t>(stretch.end - from));
  out += stretch.end - from;
  std::memset(out, 0, kPadding);
  return {rewritten_.data(), out, out + kPadding};
}

}  // namespace merganser::bpe
