#include "encode_job.hpp"

namespace merganser::addon {
namespace {

constexpr size_t kPortionBytes = size_t{1} << 18;

}  // namespace

EncodeJob::EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Object& keep_alive)
    : Job(env, "merganser encode", listener, keep_alive), input_(std::move(input)) {
  const size_t texts = input_.offsets.size() - 1;
  std::vector<std::pair<size_t, size_t>> ranges;
  for (size_t first = 0; first < texts;) {
    size_t last = first + 1;
    while (last < texts && input_.offsets[last + 1] - input_.offsets[first] <= kPortionBytes) ++last;
    ranges.emplace_back(first, last);
    first = last;
  }
  portions_ = std::vector<Portion>(ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    portions_[i].first = ranges[i].first;
    portions_[i].last = ranges[i].second;
  }
}

void EncodeJob::work() {
  for (size_t i; !cancelled_ && (i = next_++) < portions_.size();) encode(portions_[i]);
}

void EncodeJob::encode(Portion& portion) {
  bpe::EncodeOptions options;
  options.actions = input_.actions.empty() ? nullptr : input_.actions.data();
  options.cancelled = &cancelled_;
  for (size_t i = portion.first; i < portion.last && !cancelled_; ++i) {
    const uint32_t from = input_.offsets[i], size = input_.offsets[i + 1] - from;
    bpe::EncodeResult result = input_.encoder->encode(input_.text + from, size, input_.size - from, &portion.ids, options);
    portion.ends.push_back(static_cast<uint32_t>(portion.ids.size()));
    bytes_done_ += size;
    if (result.refused) {
      result.refused_at += from;
      const std::lock_guard lock(mutex_);
      // The first in the text is named, whichever thread finds one first.
      if (!refused_.refused || result.refused_at < refused_.refused_at) refused_ = result;
      next_ = portions_.size();
      return;
    }
  }
  report_now_and_then();
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
