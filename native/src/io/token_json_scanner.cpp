#include "merganser/io/token_json_scanner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "merganser/io/xxh64.hpp"

namespace merganser::io {
namespace {

using Token = std::string_view;

constexpr uint32_t kNone = 0xFFFFFFFFu;
constexpr size_t kMostIdDigits = 8;

// Thrown and caught in here.
struct Irregular {};

void expect(bool regular) {
  if (!regular) throw Irregular();
}

// Goes through JSON.
class Cursor {
 public:
  Cursor(const Json& json, size_t at) : begin_(json.bytes), at_(json.bytes + at), end_(json.bytes + json.size) {}

  size_t place() const { return static_cast<size_t>(at_ - begin_); }
  // Goes behind a byte if it comes next, but for spaces.
  bool skip(char byte) {
    skip_spaces();
    if (at_ == end_ || *at_ != static_cast<uint8_t>(byte)) return false;
    ++at_;
    return true;
  }
  void need(char byte) { expect(skip(byte)); }
  // The string that comes next: as it stands there, or, if it has escapes, in `unescaped`.
  Token string(std::vector<char>& unescaped) {
    need('"');
    const uint8_t* const start = at_;
    while (at_ < end_ && *at_ != '"' && *at_ != '\\' && *at_ >= ' ') ++at_;
    expect(at_ < end_ && *at_ >= ' ');
    if (*at_ == '"') return {reinterpret_cast<const char*>(start), static_cast<size_t>(at_++ - start)};
    unescaped.assign(start, at_);
    for (;;) {
      expect(at_ < end_ && *at_ >= ' ');
      const uint8_t byte = *at_++;
      if (byte == '"') return {unescaped.data(), unescaped.size()};
      byte == '\\' ? escape(unescaped) : unescaped.push_back(static_cast<char>(byte));
    }
  }
  uint32_t id() {
    skip_spaces();
    uint32_t id = 0;
    const uint8_t* const start = at_;
    for (; at_ < end_ && *at_ >= '0' && *at_ <= '9' && at_ - start <= static_cast<ptrdiff_t>(kMostIdDigits); ++at_) id = 10 * id + (*at_ - '0');
    const size_t digits = static_cast<size_t>(at_ - start);
    expect(digits > 0 && digits <= kMostIdDigits && (digits == 1 || *start != '0'));
    return id;
  }

 private:
  void skip_spaces() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  void escape(std::vector<char>& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    expect(at_ < end_);
    const char name = static_cast<char>(*at_++);
    if (name == 'u') return append(code_point(), out);
    const size_t number = kNames.find(name);
    expect(number != std::string_view::npos);
    out.push_back(kMeanings[number]);
  }
  uint32_t unit() {
    uint32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      expect(at_ < end_);
      const uint8_t low = *at_ | 0x20;
      const bool digit = *at_ >= '0' && *at_ <= '9', letter = low >= 'a' && low <= 'f';
      expect(digit || letter);
      unit = unit << 4 | static_cast<uint32_t>(digit ? *at_ - '0' : low - 'a' + 10);
    }
    return unit;
  }
  // A surrogate without its other half is no text.
  uint32_t code_point() {
    const uint32_t high = unit();
    if (high < 0xD800 || high > 0xDFFF) return high;
    expect(high < 0xDC00 && end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u');
    at_ += 2;
    const uint32_t low = unit();
    expect(low >= 0xDC00 && low <= 0xDFFF);
    return 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF));
  }
  static void append(uint32_t c, std::vector<char>& out) {
    const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
      put(0xC0 | c >> 6);
    } else {
      if (c < 0x10000) {
        put(0xE0 | c >> 12);
      } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
      }
      put(0x80 | (c >> 6 & 0x3F));
    }
    put(0x80 | (c & 0x3F));
  }

  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
};

// Tokens by their bytes.
class Index {
 public:
  explicit Index(size_t tokens) : mask_(std::bit_ceil(2 * tokens + 2) - 1), slots_(mask_ + 1, Slot{0, kNone}) {}

  // `token_at` gives the token of a number that was added. False if the token is there already.
  template <typename TokenAt>
  bool add(Token token, uint32_t number, TokenAt token_at) {
    Slot& slot = slots_[place(token, token_at)];
    if (slot.number != kNone) return false;
    slot = {tag(token), number};
    return true;
  }
  template <typename TokenAt>
  uint32_t find(Token token, TokenAt token_at) const {
    return slots_[place(token, token_at)].number;
  }

 private:
  struct Slot {
    uint32_t tag, number;
  };
  static uint64_t hash(Token token) { return xxh64(reinterpret_cast<const uint8_t*>(token.data()), token.size()); }
  static uint32_t tag(Token token) { return static_cast<uint32_t>(hash(token) >> 32); }
  template <typename TokenAt>
  size_t place(Token token, TokenAt token_at) const {
    const uint64_t hash = Index::hash(token);
    size_t at = static_cast<size_t>(hash) & mask_;
    for (; slots_[at].number != kNone; at = (at + 1) & mask_) {
      if (slots_[at].tag == static_cast<uint32_t>(hash >> 32) && token_at(slots_[at].number) == token) break;
    }
    return at;
  }

  size_t mask_;
  std::vector<Slot> slots_;
};

// Tokens in order of their arrival.
struct Arrived {
  std::vector<char> bytes;
  std::vector<size_t> ends;
  std::vector<uint32_t> ids;

  Token at(size_t number) const {
    const size_t begin = number == 0 ? 0 : ends[number - 1];
    return {bytes.data() + begin, ends[number] - begin};
  }
};

Arrived read_tokens(Cursor& cursor) {
  Arrived tokens;
  std::vector<char> unescaped;
  cursor.need('{');
  if (cursor.skip('}')) return tokens;
  do {
    const Token token = cursor.string(unescaped);
    cursor.need(':');
    tokens.ids.push_back(cursor.id());
    expect(!token.empty());
    tokens.bytes.insert(tokens.bytes.end(), token.begin(), token.end());
    tokens.ends.push_back(tokens.bytes.size());
  } while (cursor.skip(','));
  cursor.need('}');
  return tokens;
}

void expect_different(const Arrived& tokens) {
  Index index(tokens.ids.size());
  for (uint32_t i = 0; i < tokens.ids.size(); ++i) expect(index.add(tokens.at(i), i, [&](uint32_t other) { return tokens.at(other); }));
}

ScannedVocabulary in_order(const Arrived& tokens, size_t end) {
  const uint32_t bound = tokens.ids.empty() ? 0 : *std::max_element(tokens.ids.begin(), tokens.ids.end()) + 1;
  expect(bound <= 4 * tokens.ids.size() + 1024);
  std::vector<uint32_t> arrival(bound, kNone);
  for (uint32_t i = 0; i < tokens.ids.size(); ++i) {
    expect(arrival[tokens.ids[i]] == kNone);
    arrival[tokens.ids[i]] = i;
  }
  ScannedVocabulary vocabulary{{}, {0}, end};
  vocabulary.bytes.reserve(tokens.bytes.size());
  for (const uint32_t i : arrival) {
    if (i != kNone) vocabulary.bytes.insert(vocabulary.bytes.end(), tokens.at(i).begin(), tokens.at(i).end());
    vocabulary.offsets.push_back(static_cast<uint32_t>(vocabulary.bytes.size()));
  }
  return vocabulary;
}

// The two tokens of a merge, in memory of its own if they have escapes.
class PairReader {
 public:
  void read(Cursor& cursor) {
    if (cursor.skip('[')) {
      left = cursor.string(left_unescaped_);
      cursor.need(',');
      right = cursor.string(right_unescaped_);
      return cursor.need(']');
    }
    const Token both = cursor.string(left_unescaped_);
    const size_t space = both.find(' ');
    // A line of a file's version is no merge.
    expect(space != Token::npos && both.find(' ', space + 1) == Token::npos && !both.starts_with("#version"));
    left = both.substr(0, space);
    right = both.substr(space + 1);
  }
  Token joined() {
    joined_.assign(left.begin(), left.end());
    joined_.insert(joined_.end(), right.begin(), right.end());
    return {joined_.data(), joined_.size()};
  }
  Token left, right;

 private:
  std::vector<char> left_unescaped_, right_unescaped_, joined_;
};

template <typename Scan>
auto regular(Scan scan) -> std::optional<decltype(scan())> {
  try {
    return scan();
  } catch (const Irregular&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<ScannedVocabulary> scan_vocabulary(const Json& json, size_t at) {
  return regular([&] {
    Cursor cursor(json, at);
    const Arrived tokens = read_tokens(cursor);
    expect_different(tokens);
    return in_order(tokens, cursor.place());
  });
}

std::optional<ScannedMerges> scan_merges(const Json& json, size_t at, const TokenTable& tokens, size_t count) {
  const auto token_at = [&](uint32_t id) {
    return Token(reinterpret_cast<const char*>(tokens.bytes) + tokens.offsets[id], tokens.offsets[id + 1] - tokens.offsets[id]);
  };
  Index index(count);
  for (uint32_t id = 0; id < count; ++id) {
    if (!token_at(id).empty()) index.add(token_at(id), id, token_at);
  }
  return regular([&] {
    Cursor cursor(json, at);
    ScannedMerges merges;
    PairReader pair;
    cursor.need('[');
    if (!cursor.skip(']')) {
      do {
        pair.read(cursor);
        for (const Token token : {pair.left, pair.right, pair.joined()}) {
          merges.triples.push_back(index.find(token, token_at));
          expect(merges.triples.back() != kNone);
        }
      } while (cursor.skip(','));
      cursor.need(']');
    }
    merges.end = cursor.place();
    return merges;
  });
}

}  // namespace merganser::io
