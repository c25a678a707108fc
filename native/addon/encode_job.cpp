#include "encode_job.hpp"

#include <algorithm>

namespace merganser::addon {
namespace {

constexpr size_t kPortionBytes = size_t{1} << 18;
constexpr size_t kCutSearch = size_t{1} << 12;  // bytes looked through for a place to cut, once a portion: this is done on JavaScript's thread

}  // namespace

EncodeJob::EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Object& keep_alive)
    : Job(env, "merganser encode", listener, keep_alive), input_(std::move(input)) {
  cut_into_portions();
}

void EncodeJob::cut_into_portions() {
  const std::vector<uint32_t>& offsets = input_.offsets;
  const size_t texts = offsets.size() - 1;
  size_t text = 0;
  for (size_t begin = 0; text < texts;) {
    const size_t first = text;
    while (text < texts && offsets[text + 1] - begin <= kPortionBytes) ++text;
    size_t end = offsets[text];
    if (text == first) {
      end = cut_long_text(begin, offsets[text + 1]);
      if (end == offsets[text + 1]) ++text;
    }
    portions_.push_back({begin, end, first, text, {}, {}});
    begin = end;
  }
}

// Where the portion ends that begins at `begin`, within a text that ends at `end`.
size_t EncodeJob::cut_long_text(size_t begin, size_t end) const {
  const size_t size = end - begin;
  for (size_t from = kPortionBytes; from < size; from += kPortionBytes) {
    const size_t cut = input_.encoder->find_cut(input_.text + begin, size, from, std::min(from + kCutSearch, size), actions());
    if (cut < size) return begin + cut;
  }
  return end;
}

void EncodeJob::work() {
  for (size_t i; !cancelled_ && (i = next_++) < portions_.size();) encode(portions_[i]);
}

void EncodeJob::encode(Portion& portion) {
  size_t begin = portion.begin;
  for (size_t text = portion.first; text < portion.last && !cancelled_; ++text) {
    if (!encode(portion, begin, input_.offsets[text + 1], text)) return;
    portion.ends.push_back(static_cast<uint32_t>(portion.ids.size()));
    begin = input_.offsets[text + 1];
  }
  if (begin < portion.end && !cancelled_ && !encode(portion, begin, portion.end, portion.last)) return;
  report_now_and_then();
}

// False if there is a token that is refused.
bool EncodeJob::encode(Portion& portion, size_t begin, size_t end, size_t text) {
  bpe::EncodeOptions options;
  options.actions = actions();
  options.cancelled = &cancelled_;
  options.continues = begin != input_.offsets[text];
  bpe::EncodeResult result = input_.encoder->encode(input_.text + begin, end - begin, input_.size - begin, &portion.ids, options);
  bytes_done_ += end - begin;
  if (!result.refused) return true;
  result.refused_at += begin;
  const std::lock_guard lock(mutex_);
  // The first in the text is named, whichever thread finds one first.
  if (!refused_.refused || result.refused_at < refused_.refused_at) refused_ = result;
  next_ = portions_.size();
  return false;
}

// Here and not when JavaScript asks for it: copying gigabytes would hold its thread up.
void EncodeJob::finish() {
  if (cancelled_ || refused_.refused) return;
  size_t count = 0;
  for (const Portion& portion : portions_) count += portion.ids.size();
  if (portions_.size() > 1) values_.room(count);
  value_offsets_.reserve(input_.offsets.size());
  value_offsets_.push_back(0);
  for (Portion& portion : portions_) {
    const uint32_t base = static_cast<uint32_t>(values_.size());
    for (const uint32_t end : portion.ends) value_offsets_.push_back(base + end);
    if (portions_.size() == 1) {
      values_ = std::move(portion.ids);
    } else {
      values_.append(portion.ids);
      portion.ids.free();
    }
  }
}

}  // namespace merganser::addon
