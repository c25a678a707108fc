#include "merganser/bpe/worker.hpp"

#include "merganser/text/scanner.hpp"

namespace merganser::bpe {

Worker::Worker(const Encoder& encoder)
    : encoder_(encoder),
      batch_(*encoder.spec_.model, encoder.spec_.cache_bytes),
      rewriter_(encoder.spec_.nfc, encoder.spec_.space_alias, encoder.spec_.prefix_space) {
  const EncoderSpec& spec = encoder.spec_;
  if (spec.supermerges) supermerging_ = std::make_unique<SupermergeSink>(spec.model, spec.cache_bytes, *spec.supermerges, batch_);
}

EncodeResult Worker::encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options) {
  EncodeResult result;
  if (out) out->expect(size);
  batch_.start(out, options.limit);
  size_t done = 0, from = 0;
  AddedMatch match;
  auto stretch = [&](size_t begin, size_t end) {
    const StretchPlace place = begin > 0 ? StretchPlace::later : options.continues ? StretchPlace::within : StretchPlace::first;
    if (begin < end) encode_stretch({text + begin, text + end, text + readable}, place, options);
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

void Worker::encode_stretch(Stretch stretch, StretchPlace place, const EncodeOptions& options) {
  stretch = rewriter_.rewrite(stretch, place);
  PieceSink& sink = supermerging_ ? static_cast<PieceSink&>(*supermerging_) : batch_;
  sink.begin_stretch(stretch.begin, stretch.readable_end);
  const auto stop = [&] { return batch_.over_limit() || (options.cancelled && options.cancelled->load(std::memory_order_relaxed)); };
  if (encoder_.spec_.scanner || !encoder_.spec_.steps.empty()) {
    encoder_.splitter_.split(stretch.begin, stretch.end, sink, split_scratch_, stop);
  } else if (encoder_.cuts_) {
    for (const uint8_t* at = stretch.begin; at < stretch.end && !stop();) {
      const uint32_t capacity = batch_.capacity();
      const text::ScanText text{stretch.end, batch_.readable_end(), batch_.base(), nullptr};
      batch_.pushed(text::scan_cuts(encoder_.cuts_->view(), at, text, batch_.ends(), capacity));
    }
  } else if (stretch.begin < stretch.end) {
    sink.push(stretch.end);
  }
  sink.end_stretch();
  if (supermerging_) supermerging_->end_run();
}

}  // namespace merganser::bpe
