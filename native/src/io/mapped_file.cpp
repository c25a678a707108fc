#include "merganser/io/mapped_file.hpp"

#include <stdexcept>
#include <system_error>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace merganser::io {

#if defined(_WIN32)

MappedFile::MappedFile(const std::string& path) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, nullptr, 0);
  std::wstring wide(static_cast<size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, wide.data(), length);
  const HANDLE file = CreateFileW(wide.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) throw std::runtime_error(std::system_category().message(static_cast<int>(GetLastError())));
  LARGE_INTEGER size;
  const HANDLE mapping = GetFileSizeEx(file, &size) && size.QuadPart > 0 ? CreateFileMappingW(file, nullptr, PAGE_WRITECOPY, 0, 0, nullptr) : nullptr;
  if (mapping) data_ = static_cast<uint8_t*>(MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0));
  const DWORD error = GetLastError();
  if (mapping) CloseHandle(mapping);
  CloseHandle(file);
  if (!data_) throw std::runtime_error(std::system_category().message(static_cast<int>(error)));
  size_ = static_cast<size_t>(size.QuadPart);
}

MappedFile::~MappedFile() { UnmapViewOfFile(data_); }

#else

MappedFile::MappedFile(const std::string& path) {
  const auto failed = [] { return std::runtime_error(std::generic_category().message(errno)); };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw failed();
  struct stat facts;
  void* memory = MAP_FAILED;
  if (fstat(file, &facts) == 0 && facts.st_size > 0) {
    size_ = static_cast<size_t>(facts.st_size);
    memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  } else if (errno == 0) {
    errno = EINVAL;
  }
  const auto error = failed();
  close(file);
  if (memory == MAP_FAILED) throw error;
  data_ = static_cast<uint8_t*>(memory);
}

MappedFile::~MappedFile() { munmap(data_, size_); }

#endif

}  // namespace merganser::io
