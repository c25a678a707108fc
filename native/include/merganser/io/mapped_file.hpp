// A file's bytes in memory, read as they are touched.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace merganser::io {

class MappedFile {
 public:
  // Null where the system cannot map files, or cannot map this one. What is written to the memory stays in it: the file never changes.
  static std::unique_ptr<MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  MappedFile(uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint8_t* data_;
  size_t size_;
};

}  // namespace merganser::io
