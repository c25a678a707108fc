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
  done_ = std::make_unique<std::atomic<bool>[]>(portions_.size());
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
  for (size_t i; !cancelled_ && (i = next_++) < portions_.size(); commit()) encode(portions_[i]);
}

bpe::IdBuffer EncodeJob::spare_buffer() {
  const std::lock_guard lock(spare_mutex_);
  if (spare_.empty()) return {};
  bpe::IdBuffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void EncodeJob::encode(Portion& portion) {
  bpe::EncodeOptions options;
  options.actions = actions();
  options.cancelled = &cancelled_;
  options.continues = portion.begin != input_.offsets[portion.first];
  // Where the texts begin that end here, and behind them, if a part of one more follows, that part's end.
  std::vector<uint32_t> offsets(input_.offsets.begin() + static_cast<ptrdiff_t>(portion.first), input_.offsets.begin() + static_cast<ptrdiff_t>(portion.last) + 1);
  offsets[0] = static_cast<uint32_t>(portion.begin);
  if (offsets.back() < portion.end) offsets.push_back(static_cast<uint32_t>(portion.end));
  portion.ends.resize(offsets.size() - 1);
  portion.ids = spare_buffer();
  const bpe::Texts texts{input_.text, input_.size, offsets.data(), offsets.size() - 1};
  const bpe::EncodeResult result = input_.encoder->encode_texts(texts, portion.ids, portion.ends.data(), options);
  portion.ends.resize(portion.last - portion.first);
  if (result.refused) return refuse(result);
  bytes_done_ += portion.end - portion.begin;
  done_[static_cast<size_t>(&portion - portions_.data())].store(true, std::memory_order_release);
  report_now_and_then();
}

// The first in the text is named, whichever thread finds one first.
void EncodeJob::refuse(const bpe::EncodeResult& result) {
  const std::lock_guard lock(mutex_);
  if (!refused_.refused || result.refused_at < refused_.refused_at) refused_ = result;
  next_ = portions_.size();
}

void EncodeJob::commit() {
  if (portions_.size() == 1) return;
  const std::unique_lock lock(committing_, std::try_to_lock);
  if (lock) append_done();
}

void EncodeJob::append_done() {
  for (; committed_ < portions_.size() && done_[committed_].load(std::memory_order_acquire); ++committed_) append(portions_[committed_]);
}

void EncodeJob::append(Portion& portion) {
  if (committed_ == 0) {
    values_.expect(input_.size);
    value_offsets_.reserve(input_.offsets.size());
    value_offsets_.push_back(0);
  }
  const uint32_t base = static_cast<uint32_t>(values_.size());
  for (const uint32_t end : portion.ends) value_offsets_.push_back(base + end);
  values_.append(portion.ids);
  portion.ids.clear();
  const std::lock_guard lock(spare_mutex_);
  spare_.push_back(std::move(portion.ids));
}

void EncodeJob::finish() {
  if (cancelled_ || refused_.refused) return;
  if (portions_.size() == 1) {
    value_offsets_.push_back(0);
    value_offsets_.insert(value_offsets_.end(), portions_[0].ends.begin(), portions_[0].ends.end());
    values_ = std::move(portions_[0].ids);
  } else {
    append_done();
  }
  if (value_offsets_.empty()) value_offsets_.push_back(0);
  spare_.clear();
}

}  // namespace merganser::addon
