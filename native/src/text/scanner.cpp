#include "merganser/text/scanner.hpp"

namespace merganser::text {
uint32_t scan_cuts(const CutView& cuts, CutGrain grain, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  static const auto function = MERGANSER_SELECT(scan_cuts);
  return function(cuts, grain, position, text, ends, capacity);
}

Scanner::Scanner(ScannerSpec spec) : spec_(std::move(spec)) {
  view_ = {spec_.pages.data(), spec_.kinds.data(), spec_.max_digits, spec_.contractions, spec_.trailing_space};
  switch (spec_.family) {
    case Family::gpt2:
      function_ = MERGANSER_SELECT(scan_gpt2);
      of_lines_.reset(new Scanner(view_, MERGANSER_SELECT(scan_gpt2_lines)));
      break;
    case Family::cl100k:
      function_ = MERGANSER_SELECT(scan_cl100k);
      break;
    case Family::o200k:
      function_ = MERGANSER_SELECT(scan_o200k);
      break;
    case Family::deepseek:
      function_ = MERGANSER_SELECT(scan_deepseek);
      break;
  }
}

}  // namespace merganser::text
