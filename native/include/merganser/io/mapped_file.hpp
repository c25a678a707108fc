// A file in memory, read as its pages are touched. What is written stays in this process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace merganser::io {

class MappedFile {
 public:
  // Throws std::runtime_error with the reason.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace merganser::io
