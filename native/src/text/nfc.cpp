// Almost all text is in NFC already, so what counts is how fast that can be seen. Each code point has a byte: 0 says that it stands as it is and
// that the text may be cut before it; else there is its combining class and, in the high bit, whether it may change. Text of code points without
// the high bit, in which classes only ever fall to 0, is in NFC. The byte is found in pages of 256 code points. The number of a page is in the
// first two bytes of a character, and most scripts have nothing to say: Han and Hangul syllables are on page 0, so that two bytes are enough to
// step over a character; for Latin and Cyrillic the lead byte is.
//
// What is not certain is normalized in stretches: from the last place where the text may be cut to the next.
#include "merganser/text/nfc.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "merganser/text/utf8.hpp"

namespace merganser::text {
namespace {

struct Composition {
  uint32_t second, first, composite;
};
struct Decomposition {
  uint32_t code_point, offset, length;
};

#include "unicode_tables.inc"

constexpr uint8_t kMayChange = 0x80;

constexpr uint32_t kSBase = 0xAC00, kSCount = 11172;
constexpr uint32_t kLBase = 0x1100, kLCount = 19;
constexpr uint32_t kVBase = 0x1161, kVCount = 21;
constexpr uint32_t kTBase = 0x11A7, kTCount = 28;

constexpr uint8_t entry(uint32_t code_point) { return kNfcEntries[kNfcPages[code_point >> 8]][code_point & 255]; }

// Lead bytes of two-byte characters that all stand as they are: bit i for 0xC0 + i.
constexpr uint32_t kPlainLeads = [] {
  uint32_t leads = 0;
  for (uint32_t lead = 2; lead < 32; ++lead) {
    bool plain = true;
    for (uint32_t i = 0; i < 64; ++i) plain = plain && entry(lead << 6 | i) == 0;
    if (plain) leads |= uint32_t{1} << lead;
  }
  return leads;
}();

bool is_plain_two(uint8_t lead) { return (lead & 0xE0) == 0xC0 && (kPlainLeads >> (lead & 31) & 1); }
bool is_plain_three(uint8_t lead, uint8_t second) { return (lead & 0xF0) == 0xE0 && kNfcPages[(lead & 0x0F) << 4 | (second >> 2 & 0x0F)] == 0; }

// The end of the ASCII at `at`, or a place shortly before it.
const uint8_t* skip_ascii(const uint8_t* at, const uint8_t* end) {
  uint64_t eight;
  while (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080) == 0)) at += 8;
  return at < end && *at < 0x80 ? at + 1 : at;
}

// Where a text stops being certainly in NFC.
struct Doubt {
  const uint8_t* at;   // the first character that may not stand, or the end
  const uint8_t* cut;  // the last character before it at which the text may be cut, or its start
};

Doubt find_doubt(const uint8_t* text, const uint8_t* end) {
  const uint8_t* cut = text;
  uint8_t last_class = 0;
  const uint8_t* at = text;
  while (at < end) {
    const uint8_t lead = *at;
    const uint8_t* plain_end = at;
    if (lead < 0x80) {
      plain_end = skip_ascii(at, end);
    } else if (is_plain_two(lead)) {
      plain_end = at + 2;
    } else if (is_plain_three(lead, at[1])) {
      plain_end = at + 3;
    }
    if (plain_end != at) {
      cut = lead < 0x80 ? plain_end - 1 : at;
      at = plain_end;
      last_class = 0;
      continue;
    }
    const CodePoint character = decode(at);
    const uint8_t found = entry(character.value);
    if (found >= kMayChange || (found != 0 && found < last_class)) return {at, cut};
    if (found == 0) cut = at;
    last_class = found;
    at += character.size;
  }
  return {end, cut};
}

// The next place at which the text may be cut, behind the character at `at`.
const uint8_t* next_cut(const uint8_t* at, const uint8_t* end) {
  CodePoint character = decode(at);
  do {
    at += character.size;
    if (at == end) break;
    character = decode(at);
  } while (entry(character.value) != 0);
  return at;
}

struct Mark {
  uint32_t code_point;
  uint8_t rank;  // combining class
};

void push(uint32_t code_point, std::vector<Mark>& out) { out.push_back({code_point, static_cast<uint8_t>(entry(code_point) & ~kMayChange)}); }

void decompose(uint32_t code_point, std::vector<Mark>& out) {
  const uint32_t syllable = code_point - kSBase;
  if (syllable < kSCount) {
    push(kLBase + syllable / (kVCount * kTCount), out);
    push(kVBase + syllable / kTCount % kVCount, out);
    if (syllable % kTCount != 0) push(kTBase + syllable % kTCount, out);
    return;
  }
  const auto found = std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions), code_point,
                                      [](const Decomposition& entry, uint32_t value) { return entry.code_point < value; });
  if (found == std::end(kDecompositions) || found->code_point != code_point) return push(code_point, out);
  for (uint32_t i = 0; i < found->length; ++i) push(kDecomposed[found->offset + i], out);
}

// Sorts each run of marks by class; marks of one class stay in order.
void order_marks(std::vector<Mark>& text) {
  for (auto start = text.begin(); start != text.end();) {
    if (start->rank == 0) {
      ++start;
      continue;
    }
    const auto end = std::find_if(start, text.end(), [](const Mark& mark) { return mark.rank == 0; });
    const auto by_rank = [](const Mark& a, const Mark& b) { return a.rank < b.rank; };
    if (!std::is_sorted(start, end, by_rank)) std::stable_sort(start, end, by_rank);
    start = end;
  }
}

// What two code points compose to, 0 if they do not.
uint32_t compose_pair(uint32_t first, uint32_t second) {
  if (entry(second) < kMayChange) return 0;
  if (second - kVBase < kVCount) {
    return first - kLBase < kLCount ? kSBase + ((first - kLBase) * kVCount + (second - kVBase)) * kTCount : 0;
  }
  if (second - kTBase - 1 < kTCount - 1) {
    const uint32_t syllable = first - kSBase;
    return syllable < kSCount && syllable % kTCount == 0 ? first + (second - kTBase) : 0;
  }
  const auto before = [](const Composition& a, const Composition& b) { return a.second != b.second ? a.second < b.second : a.first < b.first; };
  const Composition wanted{second, first, 0};
  const auto found = std::lower_bound(std::begin(kCompositions), std::end(kCompositions), wanted, before);
  return found != std::end(kCompositions) && found->second == second && found->first == first ? found->composite : 0;
}

// What ASCII characters compose to with the marks of U+0300 to U+036F, 0 if to nothing: most text that is not composed is of these. All such composites have 16 bits.
constexpr uint32_t kFirstMark = 0x300, kMarks = 0x70;
constexpr auto kAsciiComposites = [] {
  std::array<std::array<uint16_t, 0x80>, kMarks> composites{};
  for (const Composition& pair : kCompositions) {
    if (pair.first < 0x80 && pair.second - kFirstMark < kMarks) composites[pair.second - kFirstMark][pair.first] = static_cast<uint16_t>(pair.composite);
  }
  return composites;
}();

// Composes in place.
void compose(std::vector<Mark>& text) {
  constexpr size_t kNoStarter = SIZE_MAX;
  size_t written = 0;
  size_t starter = kNoStarter;
  uint8_t last_class = 0;  // of the last mark behind the starter that did not compose
  for (const Mark mark : text) {
    if (starter != kNoStarter && (last_class == 0 || last_class < mark.rank)) {
      if (const uint32_t composite = compose_pair(text[starter].code_point, mark.code_point)) {
        text[starter].code_point = composite;
        continue;
      }
    }
    if (mark.rank == 0) starter = written;
    last_class = mark.rank;
    text[written++] = mark;
  }
  text.resize(written);
}

void append(uint32_t c, std::vector<uint8_t>& out) {
  const auto tail = [c](int shift) { return static_cast<uint8_t>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out.push_back(static_cast<uint8_t>(c));
  } else if (c < 0x800) {
    out.insert(out.end(), {static_cast<uint8_t>(0xC0 | c >> 6), tail(0)});
  } else if (c < 0x10000) {
    out.insert(out.end(), {static_cast<uint8_t>(0xE0 | c >> 12), tail(6), tail(0)});
  } else {
    out.insert(out.end(), {static_cast<uint8_t>(0xF0 | c >> 18), tail(12), tail(6), tail(0)});
  }
}

// If the stretch up to `end` is an ASCII character and a mark that composes with it: what they make, else 0.
uint32_t ascii_composite(const Doubt& doubt, const uint8_t* end) {
  // These marks have two bytes.
  if (*doubt.cut >= 0x80 || doubt.at != doubt.cut + 1 || end != doubt.cut + 3) return 0;
  const uint32_t mark = decode(doubt.at).value - kFirstMark;
  return mark < kMarks ? kAsciiComposites[mark][*doubt.cut] : 0;
}

}  // namespace

bool is_nfc_quick(const uint8_t* text, size_t size) { return find_doubt(text, text + size).at == text + size; }

void to_nfc(const uint8_t* text, size_t size, std::vector<uint8_t>& out) {
  const uint8_t* end = text + size;
  std::vector<Mark> stretch;
  while (text < end) {
    const Doubt doubt = find_doubt(text, end);
    if (doubt.at == end) break;
    out.insert(out.end(), text, doubt.cut);
    text = next_cut(doubt.at, end);
    if (const uint32_t composite = ascii_composite(doubt, text)) {
      append(composite, out);
      continue;
    }
    stretch.clear();
    for (const uint8_t* at = doubt.cut; at < text;) {
      const CodePoint character = decode(at);
      decompose(character.value, stretch);
      at += character.size;
    }
    order_marks(stretch);
    compose(stretch);
    for (const Mark& mark : stretch) append(mark.code_point, out);
  }
  out.insert(out.end(), text, end);
}

}  // namespace merganser::text
