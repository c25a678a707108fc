#include "merganser/text/scanner.hpp"

namespace merganser::text {

Scanner::Scanner(ScannerSpec spec) : spec_(std::move(spec)) {
  view_ = {spec_.pages.data(), spec_.kinds.data(), spec_.max_digits, spec_.contractions, spec_.trailing_space};
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
