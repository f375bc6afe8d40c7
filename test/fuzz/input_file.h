// Inputs as files, for readers that take paths.
#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/temporary_folder.h"

namespace enas4d {

/// Without fsync, for it is done many times.
inline void put_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Files that are read together, all of them good.
class InputFolder {
 public:
  using File = std::pair<std::string, std::string>;  ///< name, bytes

  explicit InputFolder(std::vector<File> good) : good_(std::move(good)) {
    for (const auto& [name, bytes] : good_) put_file(folder_ / name, bytes);
  }

  /// Calls `read` with the folder while one file holds the input instead. The input's first byte
  /// says which.
  template <class Read>
  void read_with(std::string_view input, const Read& read) const {
    if (input.empty()) return;
    const File& chosen = good_[static_cast<unsigned char>(input[0]) % good_.size()];
    const Restored restored{folder_ / chosen.first, chosen.second};
    put_file(restored.path, input.substr(1));
    read(folder_.path());
  }

 private:
  struct Restored {
    ~Restored() { put_file(path, bytes); }
    const std::string path;
    const std::string& bytes;
  };

  TemporaryFolder folder_;
  std::vector<File> good_;
};

}  // namespace enas4d
