// A file's bytes without reading them: the system brings in what is looked at, and processes share
// it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace enas4d {

class MappedFile {
 public:
  /// Read only. Throws Error (bad input): "path: cannot be read: No such file or directory".
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(start_), size_}; }

 private:
  void* start_ = nullptr;  ///< null = the file is empty
  std::size_t size_ = 0;
};

}  // namespace enas4d
