// A small image folder, as a user has it, and what reading it says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "formats/image_set.h"
#include "support/image_files.h"
#include "support/temporary_folder.h"
#include "util/files.h"

namespace enas4d {

/// data/{train,val}/CLASS/N.ppm in a temporary folder, with a cache beside it. Class c is of colour
/// c, so that a network can tell.
class ExampleFolder {
 public:
  explicit ExampleFolder(int images = 6) {
    for (const char* part : {"train", "val"}) {
      for (int c = 0; c < 2; ++c) {
        make_directories(folder_ / class_path(part, c));
        for (int i = 0; i < images; ++i) {
          const auto seed = static_cast<std::uint64_t>(100 * c + i + (*part == 'v' ? 50 : 0));
          Image image = noise_image(3, 20 + i % 3, 24, seed);
          for (std::size_t p = static_cast<std::size_t>(c); p < image.pixels.size(); p += 3) {
            image.pixels[p] |= 0x80;
          }
          add(class_path(part, c) + "/" + std::to_string(i) + ".ppm", pnm_file(image));
        }
      }
    }
  }

  static std::string class_path(const std::string& part, int c) {
    return "data/" + part + "/" + (c == 0 ? "apples" : "pears");
  }

  std::string operator/(const std::string& name) const { return folder_ / name; }
  std::string data() const { return folder_ / "data"; }
  std::string cache() const { return folder_ / "cache"; }
  void add(const std::string& name, const std::string& bytes) const {
    write_file(folder_ / name, bytes);
  }

  ReadOptions options() const {
    ReadOptions options;
    options.resolution = 12;
    options.cache = cache();
    options.workers = 2;
    return options;
  }

  ImageSets read() const { return read_image_folder(data(), options()); }

  /// Files of decoded images in the cache.
  std::vector<std::string> packs() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(cache())) {
      if (entry.path().extension() == ".images") paths.push_back(entry.path().string());
    }
    return paths;
  }

 private:
  TemporaryFolder folder_;
};

/// Counts what it is told.
struct CountingObserver : ReadObserver {
  std::int64_t decodings = 0;
  std::vector<std::string> reasons;

  void decoded(const std::string&, std::int64_t, std::int64_t) override { ++decodings; }
  void left_out(const std::string&, const std::vector<std::string>& told, std::int64_t) override {
    reasons.insert(reasons.end(), told.begin(), told.end());
  }
};

}  // namespace enas4d
