// A batch that is encoded on the pool's threads.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "job.hpp"
#include "merganser/bpe/encoder.hpp"

namespace merganser::addon {

// Portions are neighbouring texts, or parts of a long one; threads take portions until none is left. A thread that is through with one appends to the result
// all that are done and whose turn has come, unless another is at that. So buffers of portions serve again while they are in the cache, and the memory of
// the result, of which the first touch costs as much as a quarter of the encoding, is touched while others encode.
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
    size_t begin, end;   // bytes
    size_t first, last;  // the texts that end in it; of the text `last` it may hold a part besides
    bpe::IdBuffer ids;
    std::vector<uint32_t> ends;
  };
  const uint8_t* actions() const { return input_.actions.empty() ? nullptr : input_.actions.data(); }
  void work() override;
  void finish() override;
  double progress() const override { return static_cast<double>(bytes_done_.load()); }
  void cut_into_portions();
  size_t cut_long_text(size_t begin, size_t end) const;
  void encode(Portion& portion);
  // Appends what can be, if no other thread does.
  void commit();
  void append_done();
  void append(Portion& portion);
  bpe::IdBuffer spare_buffer();
  void refuse(const bpe::EncodeResult& result);

  Input input_;
  std::vector<Portion> portions_;
  std::unique_ptr<std::atomic<bool>[]> done_;  // of each portion
  std::atomic<size_t> next_{0};
  std::mutex committing_, spare_mutex_;
  size_t committed_ = 0;  // portions; `committing_` guards it and the result
  std::vector<bpe::IdBuffer> spare_;
  std::atomic<uint64_t> bytes_done_{0};
  bpe::EncodeResult refused_;
  bpe::IdBuffer values_;
  std::vector<uint32_t> value_offsets_;
};

}  // namespace merganser::addon
