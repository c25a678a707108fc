// XXH64 with seed 0, as https://github.com/Cyan4973/xxHash specifies it: a fast checksum against damage, not against forgery.
#pragma once
#include <cstddef>
#include <cstdint>

namespace merganser::io {

uint64_t xxh64(const uint8_t* bytes, size_t size);

}  // namespace merganser::io
