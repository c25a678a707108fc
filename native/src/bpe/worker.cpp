#include "merganser/bpe/worker.hpp"

#include <algorithm>
#include <cstring>

#include "merganser/text/nfc.hpp"
#include "merganser/text/scanner.hpp"

namespace merganser::bpe {
namespace {

constexpr size_t kPadding = 64;
// SentencePiece's mark for a space, U+2581.
constexpr uint8_t kSpaceMark[3] = {0xE2, 0x96, 0x81};

const uint8_t* find_space_mark(const uint8_t* begin, const uint8_t* end) {
  while (end - begin >= 3) {
    begin = static_cast<const uint8_t*>(std::memchr(begin, kSpaceMark[0], static_cast<size_t>(end - begin) - 2));
    if (!begin) return nullptr;
    if (begin[1] == kSpaceMark[1] && begin[2] == kSpaceMark[2]) return begin;
    ++begin;
  }
  return nullptr;
}

}  // namespace

Worker::Worker(const Encoder& encoder) : encoder_(encoder), batch_(*encoder.spec_.model, encoder.spec_.cache_bytes) {}

EncodeResult Worker::encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options) {
  EncodeResult result;
  if (out) out->expect(size);
  batch_.start(out, options.limit);
  size_t done = 0, from = 0;
  AddedMatch match;
  auto stretch = [&](size_t begin, size_t end) {
    if (begin < end) encode_stretch({text + begin, text + end, text + readable}, begin == 0, options);
  };
  while (!encoder_.added_.empty() && encoder_.added_.find(text, size, from, done, options.actions, match)) {
    if (options.actions && options.actions[match.token] == AddedTokens::kRefuse) {
      result.refused = true;
      result.refused_token = match.token;
      result.refused_at = match.start;
      return result;
    }
    stretch(done, match.start);
    batch_.push_id(encoder_.spec_.added[match.token].id);
    done = match.end;
    from = match.search_from;
    if (batch_.over_limit() || (options.cancelled && options.cancelled->load(std::memory_order_relaxed))) break;
  }
  if (!batch_.over_limit()) stretch(done, size);
  result.count = batch_.count();
  return result;
}

void Worker::encode_stretch(Stretch stretch, bool first, const EncodeOptions& options) {
  stretch = normalized(stretch, first);
  batch_.begin_stretch(stretch.begin, stretch.readable_end);
  const auto stop = [&] { return batch_.over_limit() || (options.cancelled && options.cancelled->load(std::memory_order_relaxed)); };
  if (encoder_.spec_.scanner || !encoder_.spec_.steps.empty()) {
    encoder_.splitter_.split(stretch.begin, stretch.end, batch_, split_scratch_, stop);
  } else if (encoder_.cuts_) {
    for (const uint8_t* at = stretch.begin; at < stretch.end && !stop();) {
      const uint32_t capacity = batch_.capacity();
      const text::ScanText text{stretch.end, batch_.readable_end(), batch_.base(), nullptr};
      batch_.pushed(text::scan_cuts(encoder_.cuts_->view(), at, text, batch_.ends(), capacity));
    }
  } else if (stretch.begin < stretch.end) {
    batch_.push(stretch.end);
  }
  batch_.end_stretch();
}

bool Worker::wants_prefix(const Stretch& stretch, bool first) const {
  if (stretch.begin == stretch.end) return false;
  const bool space = *stretch.begin == ' ' || (encoder_.spec_.space_alias && find_space_mark(stretch.begin, std::min(stretch.begin + 3, stretch.end)));
  switch (encoder_.spec_.prefix_space) {
    case PrefixSpace::never:
      return false;
    case PrefixSpace::always:
      return true;
    case PrefixSpace::unless_space:
      return !space;
    case PrefixSpace::first_unless_space:
      return first && !space;
  }
  return false;
}

// The stretch as the model is to see it: in place if nothing changes, else in a buffer of the worker's.
Worker::Stretch Worker::normalized(Stretch stretch, bool first) {
  if (encoder_.spec_.nfc && !text::is_nfc_quick(stretch.begin, static_cast<size_t>(stretch.end - stretch.begin))) {
    nfc_.clear();
    text::to_nfc(stretch.begin, static_cast<size_t>(stretch.end - stretch.begin), nfc_);
    const size_t size = nfc_.size();
    nfc_.resize(size + kPadding, 0);
    stretch = {nfc_.data(), nfc_.data() + size, nfc_.data() + nfc_.size()};
  }
  const bool prefix = wants_prefix(stretch, first);
  const uint8_t* mark = encoder_.spec_.space_alias ? find_space_mark(stretch.begin, stretch.end) : nullptr;
  if (!prefix && !mark) return stretch;
  rewritten_.resize(static_cast<size_t>(stretch.end - stretch.begin) + 1 + kPadding);
  uint8_t* out = rewritten_.data();
  if (prefix) *out++ = ' ';
  const uint8_t* from = stretch.begin;
  for (; mark; mark = find_space_mark(from, stretch.end)) {
    out = static_cast<uint8_t*>(std::memcpy(out, from, static_cast<size_t>(mark - from))) + (mark - from);
    *out++ = ' ';
    from = mark + sizeof kSpaceMark;
  }
  std::memcpy(out, from, static_cast<size_t>(stretch.end - from));
  out += stretch.end - from;
  std::memset(out, 0, kPadding);
  return {rewritten_.data(), out, out + kPadding};
}

}  // namespace merganser::bpe
