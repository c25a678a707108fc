#include "merganser/text/scanner.hpp"

namespace merganser::text {
namespace {

template <typename Test>
bool all_of_range(const ScannerSpec& spec, uint32_t first, uint32_t last, Test test) {
  for (uint32_t c = first; c <= last; ++c) {
    if (!test(spec.kinds[static_cast<uint32_t>(spec.pages[c >> 8]) << 8 | (c & 255)])) return false;
  }
  return true;
}

}  // namespace

uint32_t scan_cuts(const CutView& cuts, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  static const auto function = MERGANSER_SELECT(scan_cuts);
  return function(cuts, position, text, ends, capacity);
}

Scanner::Scanner(ScannerSpec spec) : spec_(std::move(spec)) {
  view_ = {spec_.pages.data(), spec_.kinds.data(), spec_.max_digits, spec_.contractions, spec_.trailing_space, false, false};
  const auto uncased = [](uint8_t kind) { return kind == kLetter; };
  view_.wide_letters = all_of_range(spec_, 0x5000, 0x9FFF, uncased) && all_of_range(spec_, 0xB000, 0xCFFF, uncased);
  view_.cyrillic_letters = all_of_range(spec_, 0x400, 0x47F, [](uint8_t kind) { return kind >= kUpper && kind <= kLetter; });
  switch (spec_.family) {
    case Family::gpt2:
      function_ = MERGANSER_SELECT(scan_gpt2);
      break;
    case Family::cl100k:
      function_ = MERGANSER_SELECT(scan_cl100k);
      break;
    case Family::o200k:
      function_ = MERGANSER_SELECT(scan_o200k);
      break;
  }
}

}  // namespace merganser::text
