// Collects pieces, and turns them into ids 512 at a time: look-up, misses, output.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/id_buffer.hpp"
#include "merganser/bpe/miss_path.hpp"
#include "merganser/bpe/model.hpp"
#include "merganser/bpe/piece_cache.hpp"
#include "merganser/bpe/piece_sink.hpp"
#include "merganser/bpe/stop_rule.hpp"

namespace merganser::bpe {

class PieceBatch final : public PieceSink {
 public:
  // `late`: see MissPath. It takes `late_bytes` of `cache_bytes`.
  PieceBatch(const Model& model, size_t cache_bytes, size_t late_bytes, LateSplits* late);

  // The texts that come next have so many bytes.
  void expect(size_t text_bytes);
  // What comes is to be written to `out`, or, if that is null, only counted, up to somewhat more than where `stop` says. Where texts end (a stretch must be open),
  // the number of ids in `out` goes to the next place of `text_ends`.
  void start(IdBuffer* out, const StopRule& stop, uint32_t* text_ends = nullptr);
  // The same while no stretch is open.
  void end_text() { *text_ends_++ = static_cast<uint32_t>(out_->size()); }
  // An id that is no piece's.
  void push_id(uint32_t id);

  uint64_t count() const { return total_; }
  bool over_limit() const { return stop_.over_limit(total_); }
  bool stopped() const { return stop_(total_); }

 private:
  void take(const Batch& batch) override;
  // Values of the pieces base[begins[i], ends[i]).
  void look_up(const Batch& batch, const uint32_t* begins, const uint32_t* ends, uint32_t count, uint64_t* values);
  void count_ids(const Batch& batch);
  void write(const Batch& batch, const uint64_t* values);

  const Model& model_;
  PieceCache cache_;
  MissPath miss_path_;
  // Every single byte that is a piece is one id.
  bool bytes_are_ids_;
  std::vector<uint8_t> padded_;
  IdBuffer* out_ = nullptr;
  StopRule stop_;
  uint32_t* text_ends_ = nullptr;
  uint64_t total_ = 0;
  bool expects_much_ = false;
  bool forget_ = false;  // the cache's store is full: start it anew after this batch
};

}  // namespace merganser::bpe
