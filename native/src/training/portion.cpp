#include "merganser/training/portion.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#if defined(_WIN32)
#include "merganser/io/system_path.hpp"
#endif

namespace merganser::training {
namespace {

constexpr size_t kReadFurther = size_t{1} << 16;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

[[noreturn]] void fail(const char* reason) { throw std::runtime_error(std::string("unreadable: ") + reason); }

File open_at(const std::string& path, uint64_t offset) {
#if defined(_WIN32)
  File file(_wfopen(io::system_path(path).c_str(), L"rb"));
#else
  File file(std::fopen(path.c_str(), "rb"));
#endif
  if (!file) fail(std::strerror(errno));
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
#if defined(_WIN32)
  const int failed = _fseeki64(file.get(), static_cast<long long>(offset), SEEK_SET);
#else
  const int failed = fseeko(file.get(), static_cast<off_t>(offset), SEEK_SET);
#endif
  if (failed) fail(std::strerror(errno));
  return file;
}

bool is_ascii_letter(uint8_t byte) { return static_cast<uint8_t>((byte | 0x20) - 'a') < 26; }

size_t find_word_cut(const uint8_t* text, size_t size, size_t from) {
  while (from + 1 < size) {
    const void* const space = std::memchr(text + from, ' ', size - 1 - from);
    if (!space) return size;
    const size_t at = static_cast<size_t>(static_cast<const uint8_t*>(space) - text);
    if (is_ascii_letter(text[at - 1]) && is_ascii_letter(text[at + 1])) return at;
    from = at + 1;
  }
  return size;
}

}  // namespace

size_t CutRule::find(const uint8_t* text, size_t size, size_t from) const {
  size_t found = size;
  if (words) found = find_word_cut(text, size, from);
  if (lines) {
    const void* const newline = from <= found ? std::memchr(text + from - 1, '\n', found - from + 1) : nullptr;
    if (newline) found = static_cast<size_t>(static_cast<const uint8_t*>(newline) - text) + 1;
  }
  return std::min(found, size);
}

// A byte on either side of [from, to) is read too: rules look at both neighbours of a cut.
Portion read_portion(const std::string& path, uint64_t from, uint64_t to, uint64_t size, const CutRule& rule, std::vector<uint8_t>& buffer) {
  const uint64_t start = from == 0 ? 0 : from - 1;
  const File file = open_at(path, start);
  size_t have = 0;
  const auto read_to = [&](uint64_t end) {
    const size_t wanted = static_cast<size_t>(std::min(end, size) - start);
    if (buffer.size() < wanted + kPortionPadding) buffer.resize(wanted + kPortionPadding);
    have += std::fread(buffer.data() + have, 1, wanted - have, file.get());
    if (have < wanted) fail(std::ferror(file.get()) ? std::strerror(errno) : "it became shorter while it was read");
  };
  read_to(to + 1);
  const size_t limit = static_cast<size_t>(to - start);
  size_t begin = 0;
  if (from > 0) {
    begin = rule.find(buffer.data(), have, 1);
    if (begin >= limit) return {buffer.data(), 0};
  }
  size_t end = limit;
  if (to < size) {
    for (end = rule.find(buffer.data(), have, limit); end == have && start + have < size;) {
      const size_t searched = std::max(limit, have - 1);
      read_to(start + have + std::max(kReadFurther, have / 2));
      end = rule.find(buffer.data(), have, searched);
    }
  }
  std::memset(buffer.data() + end, 0, kPortionPadding);
  return {buffer.data() + begin, end - begin};
}

}  // namespace merganser::training
