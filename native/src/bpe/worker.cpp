#include "merganser/bpe/worker.hpp"

#include <algorithm>

#include "merganser/text/scanner.hpp"

namespace merganser::bpe {
namespace {

// Bytes that are rewritten at a time.
constexpr size_t kRewritten = size_t{1} << 16;
// From here on it pays to ask whether any added token is to be found at all.
constexpr size_t kMuchText = size_t{1} << 16;
// One part in so many of the cache's bytes is for parts of pieces that late steps make.
constexpr size_t kLateShare = 32;

}  // namespace

Worker::Worker(const Encoder& encoder)
    : encoder_(encoder),
      late_(encoder.early_steps_ == encoder.spec_.steps.size()
                ? nullptr
                : std::make_unique<LateSplits>(encoder.splitter_, encoder.early_steps_, encoder.spec_.model, encoder.spec_.cache_bytes / kLateShare)),
      batch_(*encoder.spec_.model, encoder.spec_.cache_bytes, late_ ? encoder.spec_.cache_bytes / kLateShare : 0, late_.get()),
      rewriter_(encoder.spec_.nfc, encoder.spec_.space_alias, encoder.spec_.prefix_space) {
  const EncoderSpec& spec = encoder.spec_;
  if (spec.supermerges) supermerging_ = std::make_unique<SupermergeSink>(spec.model, spec.cache_bytes, *spec.supermerges, batch_);
}

void Worker::start(IdBuffer* out, const EncodeOptions& options, uint32_t* ends) {
  const StopRule stop{options.limit, options.cancelled, options.merged};
  batch_.start(out, stop, ends);
  if (supermerging_) supermerging_->stop_by(stop);
}

EncodeResult Worker::encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options) {
  EncodeResult result;
  if (out) out->expect(size);
  batch_.expect(std::max(size, options.expected));
  start(out, options, nullptr);
  open_ = false;
  const bool whole = encode_text(text, size, readable, options, result);
  close();
  if (whole) result.count = batch_.count();
  return result;
}

EncodeResult Worker::encode_texts(const Texts& texts, IdBuffer& out, uint32_t* ends, const EncodeOptions& options) {
  EncodeResult result;
  const uint32_t *const offsets = texts.offsets, first = offsets[0], last = offsets[texts.count];
  out.expect(last - first);
  batch_.expect(std::max<size_t>(last - first, options.expected));
  start(&out, options, ends);
  open_ = false;
  EncodeOptions text_options = options;
  for (size_t i = 0; i < texts.count && !batch_.stopped(); ++i) {
    if (!encode_text(texts.bytes + offsets[i], offsets[i + 1] - offsets[i], texts.size - offsets[i], text_options, result)) {
      result.refused_at += offsets[i];
      break;
    }
    text_options.continues = false;
    open_ ? batch_.mark_text_end() : batch_.end_text();
  }
  close();
  result.count = batch_.count();
  return result;
}

bool Worker::encode_text(const uint8_t* text, size_t size, size_t readable, const EncodeOptions& options, EncodeResult& result) {
  as_it_is_ = rewriter_.leaves({text, text + size, text + readable});
  const ImpliedTokens* const implied = as_it_is_ ? encoder_.implied_.get() : nullptr;
  const AddedTokens& added = implied && implied->apply(text, size, options.actions) ? implied->others() : encoder_.added_;
  size_t done = 0, from = 0;
  AddedMatch match;
  auto stretch = [&](size_t begin, size_t end) {
    const StretchPlace place = begin > 0 ? StretchPlace::later : options.continues ? StretchPlace::within : StretchPlace::first;
    if (begin < end) encode_stretch({text + begin, text + end, text + readable}, place, options);
  };
  const bool sought = !added.empty() && !(size >= kMuchText && added.all_are_text(options.actions));
  while (sought && added.find(text, size, from, done, options.actions, match)) {
    if (options.actions && options.actions[match.token] == AddedTokens::kRefuse) {
      result.refused = true;
      result.refused_token = match.token;
      result.refused_at = match.start;
      return false;
    }
    stretch(done, match.start);
    push_added({text + match.start, text + match.end, text + readable}, encoder_.spec_.added[match.token].id);
    done = match.end;
    from = match.search_from;
    if (batch_.stopped()) break;
  }
  if (!batch_.over_limit()) stretch(done, size);
  return true;
}

void Worker::open(Stretch stretch) {
  if (!open_) batch_.begin_stretch(stretch.begin, stretch.readable_end);
  open_ = true;
}

void Worker::close() {
  if (open_) batch_.end_stretch();
  open_ = false;
}

// The token's text becomes a piece like others, if it can be looked up like them.
void Worker::push_added(Stretch token, uint32_t id) {
  if (supermerging_ || token.begin == token.end || token.end - token.begin > kLongestKey) {
    close();
    return batch_.push_id(id);
  }
  open(token);
  // Else the stretch in front was given up.
  if (batch_.position() == token.begin) batch_.push_known(token.end, id);
}

// What may be rewritten goes in parts that stay in the cache, if there are places to cut.
void Worker::encode_stretch(Stretch stretch, StretchPlace place, const EncodeOptions& options) {
  if (as_it_is_ && !supermerging_) {
    open(stretch);
    return split_stretch(stretch, batch_);
  }
  while (!as_it_is_ && static_cast<size_t>(stretch.end - stretch.begin) > 2 * kRewritten) {
    const size_t size = static_cast<size_t>(stretch.end - stretch.begin);
    const size_t cut = encoder_.find_cut(stretch.begin, size, kRewritten, 2 * kRewritten, options.actions);
    if (cut == size) break;
    encode_part({stretch.begin, stretch.begin + cut, stretch.readable_end}, place);
    stretch.begin += cut;
    place = StretchPlace::within;
  }
  encode_part(stretch, place);
}

void Worker::encode_part(Stretch stretch, StretchPlace place) {
  const Stretch rewritten = rewriter_.rewrite(stretch, place);
  if (supermerging_) {
    supermerging_->begin_stretch(rewritten.begin, rewritten.readable_end);
    split_stretch(rewritten, *supermerging_);
    supermerging_->end_stretch();
    supermerging_->end_run();
    return;
  }
  if (rewritten.begin == stretch.begin) {
    open(stretch);
    return split_stretch(stretch, batch_);
  }
  close();
  open(rewritten);
  split_stretch(rewritten, batch_);
  close();
}

void Worker::split_stretch(Stretch stretch, PieceSink& sink) {
  PieceSink::check_stretch(static_cast<size_t>(stretch.end - stretch.begin));
  const auto stop = [&] { return batch_.stopped(); };
  if (encoder_.spec_.scanner || !encoder_.spec_.steps.empty()) {
    encoder_.splitter_.split(stretch.begin, stretch.end, {0, encoder_.early_steps_}, sink, split_scratch_, stop);
  } else if (encoder_.cuts_) {
    for (const uint8_t* at = stretch.begin; at < stretch.end && !stop();) {
      const uint32_t capacity = batch_.capacity();
      const text::ScanText text{stretch.end, batch_.readable_end(), batch_.base(), nullptr};
      batch_.pushed(text::scan_cuts(encoder_.cuts_->view(), text::CutGrain::coarse, at, text, batch_.ends(), capacity));
    }
  } else if (stretch.begin < stretch.end) {
    sink.push(stretch.end);
  }
}

}  // namespace merganser::bpe
