// Hand-written scanners for the families of pre-tokenizer patterns that most tokenizers use: the same pieces as the pattern, several times faster.
//
// 64 bytes from the start of a piece become masks (letters, digits, white space …), Boolean algebra on them yields the bits where pieces
// start, and scanning goes on from the LAST start found. So nothing is carried from block to block, and what a block cannot decide (a piece
// longer than it, a rare kind of character) is left to a plain reader of one piece, which is also the definition. Each family's file
// begins with its pattern and how the algebra follows from it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/simd/instruction_set.hpp"
#include "merganser/text/cut_view.hpp"

namespace merganser::text {

// What the patterns tell apart.
enum Kind : uint8_t { kOther, kUpper /* Lu, Lt */, kLower /* Ll */, kLetter /* Lm, Lo */, kMark, kDigit, kSpace, kPunctuation /* P, S */ };

struct ScannerView {
  const uint16_t* pages;  // for each 256 code points, their page
  const uint8_t* kinds;   // pages of 256
  uint32_t max_digits;    // 0: no limit
  bool contractions;
  bool trailing_space;    // white space that ends the text is one piece
};

struct ScanText {
  const uint8_t* end;           // of the text: what stands behind it does not count
  const uint8_t* readable_end;  // of memory
  const uint8_t* base;          // of the offsets to write
  const CutView* cuts;          // null: only the pattern's own pieces. Else long runs of wide letters are cut up where that changes nothing
};

// Writes the ends of the pieces from `position` on, as offsets from `base`, until the text ends or at least `capacity` are written; up to 64 more
// may be. Moves `position` behind the last one and returns how many there are.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  uint32_t scan_gpt2(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity); \
  uint32_t scan_gpt2_lines(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity); \
  uint32_t scan_cl100k(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity); \
  uint32_t scan_o200k(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity); \
  uint32_t scan_deepseek(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

enum class Family : uint8_t { gpt2, cl100k, o200k, deepseek };

struct ScannerSpec {
  Family family;
  uint32_t max_digits = 0;
  bool contractions = true;
  bool trailing_space = false;
  std::vector<uint16_t> pages;  // as ScannerView
  std::vector<uint8_t> kinds;
};

class Scanner {
 public:
  explicit Scanner(ScannerSpec spec);
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;
  // The same for many lines at once, each as if it were the whole text and ended behind its newline: null for families that cannot.
  const Scanner* of_lines() const { return of_lines_.get(); }
  const ScannerSpec& spec() const { return spec_; }
  Kind kind(uint32_t code_point) const { return static_cast<Kind>(view_.kinds[view_.pages[code_point >> 8] << 8 | (code_point & 0xFF)]); }
  uint32_t scan(const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) const {
    return function_(view_, position, text, ends, capacity);
  }

 private:
  using Function = uint32_t (*)(const ScannerView&, const uint8_t*&, const ScanText&, uint32_t*, uint32_t);
  Scanner(const ScannerView& view, Function function) : view_(view), function_(function) {}  // over another scanner's tables

  ScannerSpec spec_;
  ScannerView view_;
  Function function_;
  std::unique_ptr<const Scanner> of_lines_;
};

}  // namespace merganser::text
