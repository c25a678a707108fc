#include "merganser/bpe/text_parts.hpp"

#include "merganser/text/utf8.hpp"

namespace merganser::bpe {
namespace {

bool is_letter(text::Kind kind) { return kind >= text::kUpper && kind <= text::kLetter; }

uint32_t before(const uint8_t* text, size_t at) { return text::decode(text + text::previous_start(text, at)).value; }

}  // namespace

TextParts::TextParts(const EncoderSpec& spec, const AddedTokens& added, const SafeCuts* cuts)
    : spec_(spec), added_(added), cuts_(cuts), scanner_(spec.steps.size() == 1 ? spec.steps[0].scanner.get() : spec.scanner.get()) {}

size_t TextParts::find(const uint8_t* text, size_t size, size_t from, size_t to, const uint8_t* actions) const {
  // Pre-tokenization by general patterns: no place is known to be safe.
  if (!scanner_ && (!spec_.steps.empty() || !cuts_)) return size;
  for (size_t at = from; at < to; ++at) {
    if (splits(text, at) && !added_.touches(text, size, at, actions)) return at;
  }
  return size;
}

bool TextParts::splits(const uint8_t* text, size_t at) const {
  return scanner_ ? between_pieces(*scanner_, text, at) : between_words(text, at);
}

bool TextParts::between_pieces(const text::Scanner& scanner, const uint8_t* text, size_t at) const {
  if (text[at] == ' ' || text[at] == '\n') return is_letter(scanner.kind(before(text, at)));
  const bool behind_one_newline = at > 1 && text[at - 1] == '\n' && (text[at] & 0xC0) != 0x80;
  return behind_one_newline && is_letter(scanner.kind(text::decode(text + at).value)) && scanner.kind(before(text, at - 1)) != text::kSpace;
}

// Only before a space or a newline, where no rewriting reaches over; and not behind a space, nor the mark that may stand for one.
bool TextParts::between_words(const uint8_t* text, size_t at) const {
  constexpr uint32_t kSpaceMark = 0x2581;
  if (text[at] != ' ' && text[at] != '\n') return false;
  const uint32_t left = before(text, at);
  if (left == ' ' || left == kSpaceMark || (spec_.nfc && left >= 0x80)) return false;
  return !cuts_->view().may_join(left, text[at], text + at);
}

}  // namespace merganser::bpe
