// Many decoded images in one file that is looked at where it lies: the cache behind image folders.
// A file is whole or absent, and can be deleted at any time: it is made again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/image.h"
#include "util/files.h"
#include "util/mapped_file.h"

namespace enas4d {

/// What a pack says of its images as a whole.
struct PackDescription {
  std::string key;   ///< of the source files and how they were decoded
  std::string hash;  ///< of the images' content and labels
  int channels = 0;
  std::vector<std::string> unreadable;  ///< images that were left out, and why
};

class ImagePack {
 public:
  /// Null if there is no such file, or it is damaged, has another key or labels that are none of so
  /// many classes.
  static std::shared_ptr<const ImagePack> open(const std::string& path, const std::string& key,
                                               std::size_t classes);

  std::size_t size() const { return entries_.size(); }
  ImageView image(std::size_t index) const;
  std::int32_t label(std::size_t index) const { return entries_[index].label; }
  const std::string& hash() const { return description_.hash; }
  const PackDescription& description() const { return description_; }

  /// As it lies in the file, in the machine's byte order.
  struct Entry {
    std::uint64_t offset;  ///< of its first byte in the file: rows of interleaved channels
    std::uint16_t height, width;
    std::int32_t label;
  };

 private:
  explicit ImagePack(const std::string& path) : file_(path) {}
  bool read_index(const std::string& key, std::size_t classes);
  bool entries_fit(std::uint64_t pixel_bytes, std::size_t classes) const;

  MappedFile file_;
  PackDescription description_;
  std::vector<Entry> entries_;
};

/// Writes a pack: pixels as they come, then the index. Nothing is left of it without finish().
class PackWriter {
 public:
  explicit PackWriter(const std::string& path) : file_(path) {}

  void add(const Image& image, std::int32_t label);
  void finish(const PackDescription& description);

 private:
  AtomicFile file_;
  std::uint64_t written_ = 0;
  std::vector<ImagePack::Entry> entries_;
};

}  // namespace enas4d
