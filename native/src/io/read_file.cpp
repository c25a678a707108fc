#include "merganser/io/read_file.hpp"

#include <algorithm>
#include <atomic>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/parallel/thread_pool.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace merganser::io {

#if defined(__unix__) || defined(__APPLE__)

int open_to_read(const std::string& path) {
  if (path.find('\0') != std::string::npos) return -1;  // the system would open what stands before it
  for (;;) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0 || errno != EINTR) return file;
  }
}

namespace {

constexpr unsigned kMostThreads = 4;

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : file_(open_to_read(path)) {}
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  size_t size() const {
    struct stat facts;
    return file_ >= 0 && fstat(file_, &facts) == 0 && S_ISREG(facts.st_mode) ? static_cast<size_t>(facts.st_size) : 0;
  }
  bool read(uint8_t* to, size_t from, size_t end) const {
    while (from < end) {
      const ssize_t read = ::pread(file_, to + from, end - from, static_cast<off_t>(from));
      if (read < 0 && errno == EINTR) continue;
      if (read <= 0) return false;
      from += static_cast<size_t>(read);
    }
    return true;
  }

 private:
  const int file_;
};

}  // namespace

bool read_file(const std::string& path, size_t most, const std::function<uint8_t*(size_t)>& memory, const std::function<void(size_t)>& use) {
  const OpenFile file(path);
  const size_t size = std::min(file.size(), most);
  if (size == 0) return false;
  uint8_t* const bytes = memory(size);
  std::atomic<bool> whole{true};
  const auto read_strip = [&](size_t strip) {
    if (file.read(bytes, strip * kReadStrip, std::min(size, (strip + 1) * kReadStrip))) use(strip);
    else whole = false;
  };
  parallel::parallel_for(std::min(kMostThreads, parallel::ThreadPool::shared().size()), (size + kReadStrip - 1) / kReadStrip, read_strip);
  return whole;
}

#else

bool read_file(const std::string&, size_t, const std::function<uint8_t*(size_t)>&, const std::function<void(size_t)>&) { return false; }

#endif

}  // namespace merganser::io
