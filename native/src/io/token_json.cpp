#include "merganser/io/token_json.hpp"

#include <charconv>
#include <cstring>
#include <string_view>

namespace merganser::io {
namespace {

constexpr size_t kMostDigits = 10;
constexpr size_t kMostEscaped = 6;  // \u0000
constexpr char kHex[] = "0123456789abcdef";

// What follows the backslash; 0: the character stands for itself; 'u': so does its number.
constexpr char escape_of(uint8_t c) {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    default: return c < 0x20 ? 'u' : 0;
  }
}

class Writer {
 public:
  explicit Writer(const TokenTable& tokens) : tokens_(tokens) {}

  void text(std::string_view text) {
    reserve(text.size());
    std::memcpy(out_.data() + at_, text.data(), text.size());
    at_ += text.size();
  }

  void integer(uint32_t value) {
    reserve(kMostDigits);
    char* const from = reinterpret_cast<char*>(out_.data() + at_);
    at_ += static_cast<size_t>(std::to_chars(from, from + kMostDigits, value).ptr - from);
  }

  void token(uint32_t id) {
    const uint32_t begin = tokens_.offsets[id], end = tokens_.offsets[id + 1];
    reserve(kMostEscaped * (end - begin) + 2);
    uint8_t* out = out_.data() + at_;
    *out++ = '"';
    for (uint32_t i = begin; i < end; ++i) {
      const uint8_t c = tokens_.bytes[i];
      const char escape = escape_of(c);
      if (escape == 0) {
        *out++ = c;
        continue;
      }
      *out++ = '\\';
      *out++ = static_cast<uint8_t>(escape);
      if (escape != 'u') continue;
      for (const int digit : {0, 0, c >> 4, c & 15}) *out++ = static_cast<uint8_t>(kHex[digit]);
    }
    *out++ = '"';
    at_ = static_cast<size_t>(out - out_.data());
  }

  std::vector<uint8_t> take() {
    out_.resize(at_);
    return std::move(out_);
  }

 private:
  void reserve(size_t count) {
    if (at_ + count > out_.size()) out_.resize(2 * (at_ + count));
  }

  const TokenTable tokens_;
  std::vector<uint8_t> out_ = std::vector<uint8_t>(size_t{1} << 16);
  size_t at_ = 0;
};

// `entry` writes entry i of `count`.
template <typename Entry>
std::vector<uint8_t> listed(Writer& out, std::string_view open, std::string_view close, size_t count, bool pretty, Entry entry) {
  out.text(open);
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out.text(",");
    if (pretty) out.text("\n      ");
    entry(i);
  }
  if (pretty && count > 0) out.text("\n    ");
  out.text(close);
  return out.take();
}

}  // namespace

std::vector<uint8_t> vocabulary_json(const TokenTable& tokens, const uint32_t* ids, size_t count, bool pretty) {
  Writer out(tokens);
  return listed(out, "{", "}", count, pretty, [&](size_t i) {
    const uint32_t id = ids ? ids[i] : static_cast<uint32_t>(i);
    out.token(id);
    out.text(pretty ? ": " : ":");
    out.integer(id);
  });
}

std::vector<uint8_t> merges_json(const TokenTable& tokens, const uint32_t* triples, size_t count, bool pretty) {
  Writer out(tokens);
  return listed(out, "[", "]", count, pretty, [&](size_t i) {
    out.text(pretty ? "[\n        " : "[");
    out.token(triples[3 * i]);
    out.text(pretty ? ",\n        " : ",");
    out.token(triples[3 * i + 1]);
    out.text(pretty ? "\n      ]" : "]");
  });
}

}  // namespace merganser::io
