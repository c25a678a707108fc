#include "encode_job.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <utility>

#include "merganser/parallel/thread_pool.hpp"
#include "merganser/text/utf8_check.hpp"

namespace merganser::addon {
namespace {

constexpr size_t kPortionBytes = size_t{1} << 18;
constexpr size_t kCutSearch = size_t{1} << 12;  // bytes looked through for a place to cut, once a portion: this is done on JavaScript's thread
// What one turn of the event loop may take for copies, and how much is copied before it is asked for the time.
constexpr std::chrono::milliseconds kTurn{4};
constexpr size_t kStrip = size_t{1} << 18;

}  // namespace

EncodeJob::EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Array& chunks)
    : Job(env, "merganser encode", listener, chunks), input_(std::move(input)) {
  cut_into_portions();
  threads_ = std::clamp<size_t>(portions_.size(), 1, parallel::ThreadPool::shared().size());
}

void EncodeJob::begin(Napi::Env env) {
  if (input_.checked) {
    ready_ = portions_.size();
    active_ = threads_;
    return start(env, threads_);
  }
  copies_.expect(kPortionBytes + kCutSearch, portions_.size(), threads_);
  hold();
  start(env, 0);
}

bool EncodeJob::copy_more(Napi::Env env) {
  if (!held()) return false;
  asked_ = false;
  bool more = false;
  if (!guarded([&] { more = copy_in_this_turn(env); }) || cancelled_ || copied_ == portions_.size() || all_claimed()) let_go();
  return more && held();
}

// Whether there is room for more than was copied.
bool EncodeJob::copy_in_this_turn(Napi::Env env) {
  using Clock = std::chrono::steady_clock;
  const auto end_of_turn = Clock::now() + kTurn;
  if (starved_.exchange(false)) copies_.widen();
  const auto chunks = kept_alive().As<Napi::Array>();
  const Chunk* at = nullptr;
  ByteSpan bytes{};
  while (copied_ < portions_.size() && !cancelled_ && Clock::now() < end_of_turn) {
    Portion& portion = portions_[copied_];
    const Chunk& chunk = *portion.chunk;
    const size_t size = portion.end - portion.begin;
    if (!portion.copy && !(portion.copy = copies_.take(size))) return false;
    if (&chunk != at) {
      const Napi::HandleScope scope(env);
      bytes = bytes_of(chunks[static_cast<uint32_t>(&chunk - input_.chunks.data())]);
      at = &chunk;
    }
    if (bytes.size != chunk.end - chunk.begin) {
      taken_away_ = true;
      cancel();
      return false;
    }
    const size_t part = std::min(kStrip, size - copied_bytes_);
    if (part > 0) std::memcpy(portion.copy.data + copied_bytes_, bytes.data + (portion.begin - chunk.begin) + copied_bytes_, part);
    copied_bytes_ += part;
    if (copied_bytes_ < size) continue;
    copied_bytes_ = 0;
    ++copied_;
    publish();
  }
  return true;
}

void EncodeJob::publish() {
  {
    const std::lock_guard lock(mutex_);
    ready_ = std::max(ready_, copied_);
    if (active_ == threads_) return;
    ++active_;
  }
  add_thread();
}

// False: there is none now, and the thread is not active any more.
bool EncodeJob::claim(size_t& number) {
  const std::lock_guard lock(mutex_);
  if (cancelled_ || next_ >= ready_) {
    starved_ = next_ < portions_.size();
    --active_;
    return false;
  }
  number = next_++;
  return true;
}

bool EncodeJob::all_claimed() {
  const std::lock_guard lock(mutex_);
  return next_ == portions_.size();
}

void EncodeJob::give_back_copy(Portion& portion) {
  const bool more = copies_.give(std::move(portion.copy), portion.end - portion.begin);
  if (more && held() && !asked_.exchange(true)) ask_for_more();
}

void EncodeJob::cut_into_portions() {
  const std::vector<uint32_t>& offsets = input_.offsets;
  const size_t texts = offsets.size() - 1;
  size_t text = 0;
  for (const Chunk& chunk : input_.chunks) {
    for (size_t begin = chunk.begin; text < texts && offsets[text + 1] <= chunk.end;) {
      const size_t first = text;
      while (text < texts && offsets[text + 1] <= chunk.end && offsets[text + 1] - begin <= kPortionBytes) ++text;
      size_t end = offsets[text];
      if (text == first) {
        end = cut_long_text(chunk, begin, offsets[text + 1]);
        if (end == offsets[text + 1]) ++text;
      }
      portions_.push_back({&chunk, begin, end, first, text, {}, {}, {}});
      begin = end;
    }
  }
  value_offsets_.resize(offsets.size());
  if (portions_.size() > 1) joined_.expect(portions_.size(), input_.size());
}

// Where the portion ends that begins at `begin`, within a text that ends at `end`.
size_t EncodeJob::cut_long_text(const Chunk& chunk, size_t begin, size_t end) {
  const size_t size = end - begin;
  const uint8_t* const text = chunk.data + (begin - chunk.begin);
  for (size_t from = kPortionBytes; from < size; from += kPortionBytes) {
    const size_t to = checked_end(text, size, from, std::min(from + kCutSearch, size));
    const size_t cut = input_.encoder->find_cut(text, size, from, to, actions());
    if (cut < size) return begin + cut;
  }
  return end;
}

// Up to where the characters of text[from, to) and the one before may be read. Their portions are checked later, each by the thread that encodes it: what is
// well-formed on both sides of a cut is well-formed.
size_t EncodeJob::checked_end(const uint8_t* text, size_t size, size_t from, size_t to) {
  if (input_.checked) return to;
  constexpr size_t kLongest = 4;  // bytes of a character
  size_t begin = from - 2 * kLongest;
  for (size_t i = 1; i < kLongest && (text[begin] & 0xC0) == 0x80; ++i) ++begin;
  const size_t end = begin + text::find_malformed(text + begin, to - begin);
  if (end == to || (to < size && end + kLongest > to)) return end;
  give_up_malformed();
  return from;
}

void EncodeJob::give_up_malformed() {
  malformed_ = true;
  cancel();
}

void EncodeJob::work() {
  Own own;
  for (size_t i; claim(i);) {
    encode(i, own);
    place_own(own);
  }
  // These wait for portions that other threads are at.
  const std::lock_guard lock(mutex_);
  left_.insert(left_.end(), own.waiting.begin(), own.waiting.end());
}

void EncodeJob::place_own(Own& own) {
  const auto placed = [&](size_t number) {
    if (!place(number)) return false;
    own.spare.push_back(std::move(portions_[number].ids));
    return true;
  };
  std::erase_if(own.waiting, placed);
}

bool EncodeJob::place(size_t number) {
  Portion& portion = portions_[number];
  if (!joined_.place(number, portion.ids)) return false;
  const uint32_t begin = static_cast<uint32_t>(joined_.begin(number));
  for (size_t i = 0; i < portion.ends.size(); ++i) value_offsets_[portion.first + i + 1] = begin + portion.ends[i];
  portion.ids.clear();
  return true;
}

void EncodeJob::encode(size_t number, Own& own) {
  Portion& portion = portions_[number];
  const size_t size = portion.end - portion.begin;
  // Of a piece that takes long, until all is done.
  size_t told = 0;
  const std::function<void(size_t)> merged = [&](size_t bytes) {
    const size_t most = std::min(bytes, size), before = std::exchange(told, std::max(told, most));
    bytes_done_ += told - before;
    report_now_and_then();
  };
  bpe::EncodeOptions options;
  options.merged = &merged;
  options.actions = actions();
  options.cancelled = &cancelled_;
  options.expected = input_.size() / threads_;
  options.continues = number == 0 ? input_.continues : portion.begin != input_.offsets[portion.first];
  const uint8_t* text = portion.chunk->data;
  size_t base = portion.chunk->begin, readable = portion.chunk->end - base;
  if (!input_.checked) {
    text = portion.copy.data, base = portion.begin, readable = portion.end - portion.begin;
    if (text::find_malformed(text, readable) < readable) return give_up_malformed();
  }
  // Where in the chunk the texts begin that end here, and behind them, if a part of one more follows, that part's end.
  std::vector<uint32_t> offsets;
  for (size_t i = portion.first; i <= portion.last; ++i) offsets.push_back(static_cast<uint32_t>(std::max<size_t>(input_.offsets[i], portion.begin) - base));
  if (offsets.back() + base < portion.end) offsets.push_back(static_cast<uint32_t>(portion.end - base));
  portion.ends.resize(offsets.size() - 1);
  if (!own.spare.empty()) {
    portion.ids = std::move(own.spare.back());
    own.spare.pop_back();
  }
  const bpe::Texts texts{text, readable, offsets.data(), offsets.size() - 1};
  bpe::EncodeResult result = input_.encoder->encode_texts(texts, portion.ids, portion.ends.data(), options);
  if (!input_.checked) give_back_copy(portion);
  result.refused_at += base;
  portion.ends.resize(portion.last - portion.first);
  if (result.refused) return refuse(result);
  bytes_done_ += size - told;
  if (portions_.size() > 1) {
    joined_.encoded(number, portion.ids.size());
    own.waiting.push_back(number);
  }
  report_now_and_then();
}

// The first in the text is named, whichever thread finds one first.
void EncodeJob::refuse(const bpe::EncodeResult& result) {
  const std::lock_guard lock(mutex_);
  if (!refused_.refused || result.refused_at < refused_.refused_at) refused_ = result;
  next_ = ready_ = portions_.size();
}

// The job itself lives until JavaScript's handle of it is collected.
void EncodeJob::finish() {
  if (!cancelled_ && !refused_.refused) put_together();
  else if (portions_.size() > 1) joined_.take();  // nobody will
  portions_.clear();
  copies_.free();
}

void EncodeJob::put_together() {
  if (portions_.size() == 1) {
    std::copy(portions_[0].ends.begin(), portions_[0].ends.end(), value_offsets_.begin() + 1);
    values_ = std::move(portions_[0].ids);
    return;
  }
  for (const size_t number : left_) place(number);
  if (!portions_.empty()) values_ = joined_.take();
}

}  // namespace merganser::addon
