#include "merganser/bpe/text_parts.hpp"

#include <algorithm>

#include "merganser/text/nfc.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::bpe {
namespace {

constexpr uint32_t kSpaceMark = 0x2581;

bool is_word(text::Kind kind) { return (kind >= text::kUpper && kind <= text::kLetter) || kind == text::kDigit; }

bool ends_words(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

uint32_t before(const uint8_t* text, size_t at) { return text::decode(text + text::previous_start(text, at)).value; }

}  // namespace

TextParts::TextParts(const EncoderSpec& spec, const AddedTokens& added, const SafeCuts* cuts)
    : spec_(spec), added_(added), cuts_(cuts), scanner_(spec.steps.size() == 1 ? spec.steps[0].scanner.get() : spec.scanner.get()) {}

size_t TextParts::find(const uint8_t* text, size_t size, size_t from, size_t to, const uint8_t* actions) const {
  if (!knows_places()) return size;
  for (size_t at = from; at < to; ++at) {
    if (splits(text, at) && !added_.touches(text, size, at, actions)) return at;
  }
  return size;
}

size_t TextParts::find_last(const uint8_t* text, size_t size, size_t from, const uint8_t* actions) const {
  if (!knows_places()) return 0;
  // Behind these every token that begins at a place or before it is there as a whole.
  const size_t ahead = std::max<size_t>(added_.longest(), 1);
  for (size_t at = size < ahead ? 0 : size - ahead; at >= from; --at) {
    if (splits(text, at) && !added_.touches(text, size, at, actions)) return at;
  }
  return 0;
}

// Pre-tokenization by general patterns: no place is known to be safe.
bool TextParts::knows_places() const { return scanner_ || (spec_.steps.empty() && cuts_); }

bool TextParts::splits(const uint8_t* text, size_t at) const {
  return scanner_ ? between_pieces(*scanner_, text, at) : between_words(text, at);
}

bool TextParts::is_space(uint32_t code_point) const { return text::is_white_space(code_point) || (spec_.space_alias && code_point == kSpaceMark); }

bool TextParts::between_pieces(const text::Scanner& scanner, const uint8_t* text, size_t at) const {
  if (ends_words(text[at])) {
    const size_t last = text::previous_start(text, at);
    // Some letters are rewritten as one with a mark behind it, which may go on with what follows.
    return is_word(scanner.kind(text::decode(text + last).value)) && (!spec_.nfc || text::is_nfc_quick(text + last, at - last));
  }
  const bool behind_one_newline = at > 1 && text[at - 1] == '\n' && (text[at] & 0xC0) != 0x80;
  return behind_one_newline && !added_.strip() && is_word(scanner.kind(text::decode(text + at).value)) && !is_space(before(text, at - 1));
}

// Not behind white space where added tokens may take some, nor beside the mark that may stand for a space.
bool TextParts::between_words(const uint8_t* text, size_t at) const {
  if ((text[at] & 0xC0) == 0x80) return false;
  const uint32_t left = before(text, at), right = text::decode(text + at).value;
  if (left == kSpaceMark || right == kSpaceMark || (spec_.nfc && (left >= 0x80 || right >= 0x80))) return false;
  if (added_.strip() && text::is_white_space(left)) return false;
  return !cuts_->view().may_join(left, right, text + at);
}

}  // namespace merganser::bpe
