#include "merganser/io/mapped_file.hpp"

#include "merganser/io/read_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#elif defined(_WIN32)
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>

#include "merganser/io/system_path.hpp"
#endif

namespace merganser::io {

#if defined(__unix__) || defined(__APPLE__)

namespace {

// A private mapping may be written to; memory for that is not set aside before.
#if defined(MAP_NORESERVE)
constexpr int kNoReserve = MAP_NORESERVE;
#else
constexpr int kNoReserve = 0;
#endif

}  // namespace

std::unique_ptr<MappedFile> MappedFile::open(const std::string& path) {
  const int file = open_to_read(path);
  if (file < 0) return nullptr;
  struct stat facts;
  void* memory = MAP_FAILED;
  if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
    memory = mmap(nullptr, static_cast<size_t>(facts.st_size), PROT_READ | PROT_WRITE, MAP_PRIVATE | kNoReserve, file, 0);
  }
  ::close(file);
  if (memory == MAP_FAILED) return nullptr;
  return std::unique_ptr<MappedFile>(new MappedFile(static_cast<uint8_t*>(memory), static_cast<size_t>(facts.st_size)));
}

MappedFile::~MappedFile() { munmap(data_, size_); }

#elif defined(_WIN32)

namespace {

struct Close {
  void operator()(HANDLE handle) const { CloseHandle(handle); }
};
using Handle = std::unique_ptr<void, Close>;

}  // namespace

std::unique_ptr<MappedFile> MappedFile::open(const std::string& path) {
  if (path.find('\0') != std::string::npos) return nullptr;
  const HANDLE opened = CreateFileW(system_path(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING, 0, nullptr);
  if (opened == INVALID_HANDLE_VALUE) return nullptr;
  const Handle file(opened);
  LARGE_INTEGER size;
  if (!GetFileSizeEx(opened, &size) || size.QuadPart <= 0) return nullptr;
  const Handle mapping(CreateFileMappingW(opened, nullptr, PAGE_WRITECOPY, 0, 0, nullptr));
  void* const memory = mapping ? MapViewOfFile(mapping.get(), FILE_MAP_COPY, 0, 0, 0) : nullptr;
  if (memory == nullptr) return nullptr;
  return std::unique_ptr<MappedFile>(new MappedFile(static_cast<uint8_t*>(memory), static_cast<size_t>(size.QuadPart)));
}

MappedFile::~MappedFile() { UnmapViewOfFile(data_); }

#else

std::unique_ptr<MappedFile> MappedFile::open(const std::string&) { return nullptr; }

MappedFile::~MappedFile() = default;

#endif

}  // namespace merganser::io
