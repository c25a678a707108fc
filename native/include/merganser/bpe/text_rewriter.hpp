// What happens to a stretch of text before it is split: NFC, a space put before it, SentencePiece's mark turned into a space. For one thread.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/bpe/encoder_spec.hpp"

namespace merganser::bpe {

struct Stretch {
  const uint8_t* begin;
  const uint8_t* end;
  const uint8_t* readable_end;
};

// first: nothing stands before it. later: an added token does. within: it is the later part of a stretch that was cut.
enum class StretchPlace : uint8_t { first, later, within };

class TextRewriter {
 public:
  TextRewriter(bool nfc, bool space_alias, PrefixSpace prefix_space) : nfc_(nfc), space_alias_(space_alias), prefix_space_(prefix_space) {}

  // Nothing is ever changed.
  bool idle() const { return !nfc_ && !space_alias_ && prefix_space_ == PrefixSpace::never; }
  // Whether every stretch of this text stays as it is.
  bool leaves(const Stretch& text) const;
  // The stretch as the model is to see it: in place if nothing changes, else in a buffer that is good until the next call.
  Stretch rewrite(Stretch stretch, StretchPlace place);

 private:
  bool wants_prefix(const Stretch& stretch, StretchPlace place) const;

  const bool nfc_;
  const bool space_alias_;
  const PrefixSpace prefix_space_;
  std::vector<uint8_t> composed_, rewritten_;
};

}  // namespace merganser::bpe
