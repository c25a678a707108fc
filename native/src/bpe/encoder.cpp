#include "merganser/bpe/encoder.hpp"

#include "merganser/bpe/saved_tables.hpp"
#include "merganser/bpe/worker.hpp"

namespace merganser::bpe {

// A worker for as long as one call takes.
class Encoder::Lease {
 public:
  explicit Lease(const Encoder& encoder) : encoder_(encoder) {
    {
      const std::lock_guard lock(encoder_.mutex_);
      if (!encoder_.idle_.empty()) {
        worker_ = std::move(encoder_.idle_.back());
        encoder_.idle_.pop_back();
      }
    }
    if (!worker_) worker_ = std::make_unique<Worker>(encoder_);
  }
  ~Lease() {
    const std::lock_guard lock(encoder_.mutex_);
    encoder_.idle_.push_back(std::move(worker_));
  }
  Worker* operator->() { return worker_.get(); }

 private:
  const Encoder& encoder_;
  std::unique_ptr<Worker> worker_;
};

Encoder::Encoder(EncoderSpec spec, const std::vector<uint32_t>& word_ranges)
    : spec_(std::move(spec)),
      added_(spec_.added, word_ranges),
      // Supermerges are about whole pieces.
      cuts_(spec_.supermerges ? nullptr : spec_.cuts ? spec_.cuts : SafeCuts::find(*spec_.model)),
      splitter_(spec_.steps, spec_.scanner.get(), cuts_ ? &cuts_->view() : nullptr),
      parts_(spec_, added_, cuts_.get()) {}

Encoder::~Encoder() = default;

std::vector<uint8_t> Encoder::save_tables() const {
  const text::Scanner* scanner = spec_.scanner.get();
  if (!scanner && !spec_.steps.empty()) scanner = spec_.steps.back().scanner.get();
  return bpe::save_tables(*spec_.model, cuts_.get(), scanner);
}

EncodeResult Encoder::encode(const uint8_t* text, size_t size, size_t readable, IdBuffer* out, const EncodeOptions& options) const {
  Lease worker(*this);
  return worker->encode(text, size, readable, out, options);
}

}  // namespace merganser::bpe
