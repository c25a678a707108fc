// A batch that is encoded on the pool's threads.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "job.hpp"
#include "merganser/bpe/encoder.hpp"

namespace merganser::addon {

// Texts are cut into portions of neighbours; threads take portions until none is left.
class EncodeJob final : public Job {
 public:
  struct Input {
    std::shared_ptr<bpe::Encoder> encoder;
    const uint8_t* text;
    size_t size;
    std::vector<uint32_t> offsets;  // texts + 1
    std::vector<uint8_t> actions;   // empty: none given
  };

  // The listener's progress is the number of bytes done.
  EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Object& keep_alive);
  size_t portions() const { return portions_.size(); }

  const bpe::EncodeResult& refused() const { return refused_; }
  // Once it has ended: the ids of all texts, and where each text's begin.
  bpe::IdBuffer& values() { return values_; }
  const std::vector<uint32_t>& value_offsets() const { return value_offsets_; }

 private:
  struct Portion {
    size_t first, last;  // texts
    bpe::IdBuffer ids;
    std::vector<uint32_t> ends;
  };
  void work() override;
  void finish() override;
  double progress() const override { return static_cast<double>(bytes_done_.load()); }
  void encode(Portion& portion);

  Input input_;
  std::vector<Portion> portions_;
  std::atomic<size_t> next_{0};
  std::atomic<uint64_t> bytes_done_{0};
  bpe::EncodeResult refused_;
  bpe::IdBuffer values_;
  std::vector<uint32_t> value_offsets_;
};

}  // namespace merganser::addon
