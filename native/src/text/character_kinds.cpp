#include "merganser/text/character_kinds.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "merganser/text/scanner.hpp"

namespace merganser::text {
namespace {

constexpr uint32_t kCodePoints = 0x110000, kPage = 256;
// White space that is no separator by its category.
constexpr uint8_t kControls[] = {'\t', '\n', '\v', '\f', '\r', 0x85};

void check(bool sound) {
  if (!sound) throw std::invalid_argument("runs of all code points");
}

class RunReader {
 public:
  explicit RunReader(const std::vector<uint8_t>& runs) : runs_(runs) {}

  bool done() const { return at_ == runs_.size(); }
  uint32_t number() {
    uint32_t value = 0;
    for (uint32_t shift = 0;; shift += 7) {
      check(!done() && shift < 28);
      const uint8_t byte = runs_[at_++];
      value |= (byte & 0x7Fu) << shift;
      if (byte < 0x80) return value;
    }
  }

 private:
  const std::vector<uint8_t>& runs_;
  size_t at_ = 0;
};

// Page after page; those that hold one kind only are shared.
class Pages {
 public:
  Pages() { uniform_.fill(-1); }

  void add(const uint8_t* page) {
    const bool uniform = std::all_of(page, page + kPage, [&](uint8_t kind) { return kind == page[0]; });
    if (uniform && uniform_[page[0]] >= 0) {
      table_.pages.push_back(static_cast<uint16_t>(uniform_[page[0]]));
      return;
    }
    const uint16_t number = static_cast<uint16_t>(table_.kinds.size() / kPage);
    if (uniform) uniform_[page[0]] = number;
    table_.pages.push_back(number);
    table_.kinds.insert(table_.kinds.end(), page, page + kPage);
  }
  CharacterKinds take() { return std::move(table_); }

 private:
  CharacterKinds table_;
  std::array<int32_t, 256> uniform_;
};

}  // namespace

CharacterKinds character_kinds(const std::vector<uint8_t>& runs, const std::vector<uint8_t>& kind_of) {
  RunReader reader(runs);
  Pages pages;
  uint8_t page[kPage];
  uint32_t at = 0;
  while (!reader.done()) {
    uint32_t left = reader.number();
    const uint32_t category = reader.number();
    check(left <= kCodePoints - at && category < kind_of.size());
    while (left > 0) {
      const uint32_t here = std::min(left, kPage - at % kPage);
      std::fill_n(page + at % kPage, here, kind_of[category]);
      at += here;
      left -= here;
      if (at == kPage) {
        for (const uint8_t control : kControls) page[control] = kSpace;
      }
      if (at % kPage == 0) pages.add(page);
    }
  }
  check(at == kCodePoints);
  return pages.take();
}

}  // namespace merganser::text
