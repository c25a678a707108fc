// A loop whose rounds come in pieces that are not known before the round has begun.
#pragma once
#include <cstddef>
#include <functional>

namespace merganser::parallel {

// Of round i: begin(i) gives a number of pieces, piece(i, p) does one of them, end(i) comes when all are done.
struct Stages {
  std::function<size_t(size_t)> begin;
  std::function<void(size_t, size_t)> piece;
  std::function<void(size_t)> end;
};

// On the calling thread and up to `threads` − 1 others. A thread begins a round and does its pieces, one after the other; once all rounds are begun it helps with what is left of
// others. So threads wait for each other only at the end, and with enough rounds each has its own. What a stage throws is thrown here, after the others have ended.
void staged_for(unsigned threads, size_t count, const Stages& stages);

}  // namespace merganser::parallel
