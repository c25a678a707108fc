#include "merganser/parallel/staged_for.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::parallel {
namespace {

class Rounds {
 public:
  Rounds(size_t count, const Stages& stages) : stages_(stages), rounds_(count) {}

  void work() {
    for (size_t i; (i = next_.fetch_add(1)) < rounds_.size();) {
      begin(i);
      do_pieces(i);
    }
    for (size_t i = 0; i < rounds_.size(); ++i) {
      // Another thread is about to say how many there are.
      while (!rounds_[i].begun.load(std::memory_order_acquire)) std::this_thread::yield();
      do_pieces(i);
    }
  }

 private:
  struct Round {
    std::atomic<bool> begun{false};
    size_t pieces = 0;
    std::atomic<size_t> next{0};
    std::atomic<size_t> done{0};
  };

  void begin(size_t i) {
    Round& round = rounds_[i];
    // Whatever happens, nobody waits for this round in vain.
    struct Begun {
      Round& round;
      ~Begun() { round.begun.store(true, std::memory_order_release); }
    } begun{round};
    const size_t pieces = stages_.begin(i);
    if (pieces == 0) stages_.end(i);
    round.pieces = pieces;
  }

  void do_pieces(size_t i) {
    Round& round = rounds_[i];
    if (round.next.load(std::memory_order_relaxed) >= round.pieces) return;
    for (size_t piece; (piece = round.next.fetch_add(1)) < round.pieces;) {
      stages_.piece(i, piece);
      if (round.done.fetch_add(1) + 1 == round.pieces) stages_.end(i);
    }
  }

  const Stages& stages_;
  std::vector<Round> rounds_;
  std::atomic<size_t> next_{0};
};

}  // namespace

void staged_for(unsigned threads, size_t count, const Stages& stages) {
  if (count == 0) return;
  Rounds rounds(count, stages);
  parallel_for(threads, threads, [&](size_t) { rounds.work(); });
}

}  // namespace merganser::parallel
