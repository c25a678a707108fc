// A batch that is encoded on the pool's threads.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "job.hpp"
#include "merganser/bpe/encoder.hpp"
#include "merganser/bpe/joined_ids.hpp"
#include "portion_memory.hpp"
#include "reading.hpp"

namespace merganser::addon {

// Portions are neighbouring texts, or parts of a long one; threads take portions until none is left. Each thread puts its own into their places in the result
// as soon as these are known, so that its buffers serve again while they are in its cache.
//
// Texts that are the caller's may be changed, and their memory freed (an ArrayBuffer that is transferred), whenever JavaScript runs: only its own thread may read them, and
// only within one call. It copies portions, a little in each turn of the event loop, ahead of the threads that encode the copies.
class EncodeJob final : public Job {
 public:
  // Texts back to back; no text lies in two chunks.
  struct Chunk {
    const uint8_t* data;
    size_t begin, end;  // places in the whole
  };
  struct Input {
    std::shared_ptr<bpe::Encoder> encoder;
    std::vector<Chunk> chunks;
    bool checked;                   // it is known to be UTF-8, and nobody else has this memory
    std::vector<uint32_t> offsets;  // texts + 1
    std::vector<uint8_t> actions;   // empty: none given
    bool continues;                 // of the first text; see EncodeOptions

    void add_chunk(ByteSpan bytes) { chunks.push_back({bytes.data, size(), size() + bytes.size}); }
    size_t size() const { return chunks.empty() ? 0 : chunks.back().end; }
  };

  // The listener's progress is the number of bytes done. `chunks`: those of the input, as JavaScript has them.
  EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Array& chunks);
  // To be called once, by what holds the job in a shared_ptr.
  void begin(Napi::Env env);
  // Copies more of the texts: to be called when the listener says so, and in the next turn of the event loop again for as long as it gives true.
  bool copy_more(Napi::Env env);

  // Once it has ended: whether a text is not UTF-8, or had its memory taken away.
  bool malformed() const { return malformed_; }
  bool taken_away() const { return taken_away_; }
  const bpe::EncodeResult& refused() const { return refused_; }
  // Once it has ended: the ids of all texts, and where each text's begin.
  bpe::IdBuffer& values() { return values_; }
  const std::vector<uint32_t>& value_offsets() const { return value_offsets_; }

 private:
  struct Portion {
    const Chunk* chunk;
    size_t begin, end;   // bytes
    size_t first, last;  // the texts that end in it; of the text `last` it may hold a part besides
    PortionMemory::Place copy;
    bpe::IdBuffer ids;
    std::vector<uint32_t> ends;
  };
  // One thread's portions and memory.
  struct Own {
    std::vector<size_t> waiting;  // portions that are encoded but not in their place
    std::vector<bpe::IdBuffer> spare;
  };
  const uint8_t* actions() const { return input_.actions.empty() ? nullptr : input_.actions.data(); }
  void work() override;
  void finish() override;
  void put_together();
  double progress() const override { return static_cast<double>(bytes_done_.load()); }
  void cut_into_portions();
  size_t cut_long_text(const Chunk& chunk, size_t begin, size_t end);
  size_t checked_end(const uint8_t* text, size_t size, size_t from, size_t to);
  void give_up_malformed();
  bool copy_in_this_turn(Napi::Env env);
  // The next portion is there for threads.
  void publish();
  bool claim(size_t& number);
  bool all_claimed();
  void give_back_copy(Portion& portion);
  void encode(size_t number, Own& own);
  // Puts what can be into its place.
  void place_own(Own& own);
  bool place(size_t number);
  void refuse(const bpe::EncodeResult& result);

  Input input_;
  std::vector<Portion> portions_;
  size_t next_ = 0, ready_ = 0;  // portions from next_ to before ready_ are for threads to take
  size_t active_ = 0;            // so many threads take portions, or will
  size_t threads_;
  PortionMemory copies_;
  size_t copied_ = 0, copied_bytes_ = 0;  // portions that were copied, and bytes of the next one
  std::atomic<bool> asked_{false}, starved_{false}, taken_away_{false};
  std::vector<size_t> left_;  // portions whose place was not known when their threads were through
  bpe::JoinedIds joined_;
  std::atomic<uint64_t> bytes_done_{0};
  std::atomic<bool> malformed_{false};
  bpe::EncodeResult refused_;
  bpe::IdBuffer values_;
  std::vector<uint32_t> value_offsets_;
};

}  // namespace merganser::addon
