#include "merganser/bpe/encoder.hpp"

#include <exception>

#include "merganser/bpe/late_splits.hpp"
#include "merganser/bpe/saved_tables.hpp"
#include "merganser/bpe/worker.hpp"

namespace merganser::bpe {

// A worker for as long as one call takes. The one that was given back last waits where it can be had without a lock: short texts feel the difference.
class Encoder::Lease {
 public:
  explicit Lease(const Encoder& encoder) : encoder_(encoder), worker_(encoder.latest_.exchange(nullptr)) {
    if (!worker_) worker_.reset(encoder.take_idle());
    if (!worker_) worker_ = std::make_unique<Worker>(encoder);
  }
  ~Lease() {
    // A worker that an error was thrown through is in the midst of some pieces, which the next text's would be taken for.
    if (std::uncaught_exceptions() > exceptions_) return;
    Worker* none = nullptr;
    if (encoder_.latest_.compare_exchange_strong(none, worker_.get())) {
      worker_.release();
    } else {
      const std::lock_guard lock(encoder_.mutex_);
      encoder_.idle_.push_back(std::move(worker_));
    }
  }
  Worker* operator->() { return worker_.get(); }

 private:
  const Encoder& encoder_;
  std::unique_ptr<Worker> worker_;
  const int exceptions_ = std::uncaught_exceptions();
};

Worker* Encoder::take_idle() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  Worker* const worker = idle_.back().release();
  idle_.pop_back();
  return worker;
}

Encoder::Encoder(EncoderSpec spec, const std::vector<uint32_t>& word_ranges)
    : spec_(std::move(spec)),
      added_(spec_.added, word_ranges),
      implied_(ImpliedTokens::find(spec_, word_ranges)),
      // Supermerges are about whole pieces.
      cuts_(spec_.supermerges ? nullptr : spec_.cuts ? spec_.cuts : SafeCuts::find(*spec_.model)),
      splitter_(spec_.steps, spec_.scanner.get(), cuts_ ? &cuts_->view() : nullptr),
      early_steps_(spec_.supermerges ? spec_.steps.size() : steps_to_words(splitter_)),
      parts_(spec_, added_, cuts_.get()) {}

Encoder::~Encoder() { delete latest_.load(); }

std::vector<uint8_t> Encoder::save_tables() const {
  const text::Scanner* scanner = spec_.scanner.get();
  if (!scanner && !spec_.steps.empty()) scanner = spec_.steps.back().scanner.get();
  return bpe::save_tables(*spec_.model, cuts_.get(), scanner);
}

EncodeResult Encoder::encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options) const {
  Lease worker(*this);
  return worker->encode(text, size, readable, out, options);
}

EncodeResult Encoder::encode_texts(const Texts& texts, IdBuffer& out, uint32_t* ends, const EncodeOptions& options) const {
  Lease worker(*this);
  return worker->encode_texts(texts, out, ends, options);
}

}  // namespace merganser::bpe
