// A loop whose rounds run on several of the pool's threads.
#pragma once
#include <cstddef>
#include <functional>

namespace merganser::parallel {

// Calls body(i) for each i below `count`, on the calling thread and up to `threads` − 1 others; returns when all are done. The caller does what no other
// thread takes, so it does not matter whether the pool has time. What a body throws is thrown here, after the others have ended.
void parallel_for(unsigned threads, size_t count, const std::function<void(size_t)>& body);

}  // namespace merganser::parallel
