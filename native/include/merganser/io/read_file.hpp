// Files read as a whole, by several threads: half of the time goes into pages that are touched for the first time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace merganser::io {

// A file is read in strips of so many bytes.
constexpr size_t kReadStrip = size_t{1} << 19;

// Reads a file, or its first `most` bytes, into what `memory(size)` gives. `use(strip)`: called by the thread that has read it, in whose cache it is. False where the system
// cannot read so, or if it is no file with contents or changes meanwhile.
bool read_file(const std::string& path, size_t most, const std::function<uint8_t*(size_t)>& memory, const std::function<void(size_t)>& use);

#if defined(__unix__) || defined(__APPLE__)
// A file's number, to be closed by the caller; negative if there is none.
int open_to_read(const std::string& path);
#endif

}  // namespace merganser::io
