// Huge pages for memory of any kind.
#pragma once
#include <cstddef>

namespace merganser::parallel {

// The memory is about to be touched for the first time: its whole huge pages may be such, where the system has them.
void prefer_huge_pages(void* memory, size_t bytes) noexcept;

}  // namespace merganser::parallel
