// CIFAR-10 and CIFAR-100, binary versions: records of one or two label bytes and 3 x 32 x 32
// pixels.
#include <fmt/format.h>

#include "formats/data_folder.h"
#include "formats/image_set.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {
namespace {

constexpr std::size_t kCifarPixels = 3 * 32 * 32;

struct CifarKind {
  std::size_t label_bytes;  ///< the last one is the class
  int classes;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : text + "\n") {
    if (c != '\n' && c != '\r') {
      line += c;
    } else if (!line.empty()) {
      lines.push_back(std::move(line));
      line.clear();
    }
  }
  return lines;
}

/// One name a line, or `otherwise` if there is no such file.
std::vector<std::string> read_class_names(const std::string& path, int classes,
                                          std::vector<std::string> otherwise) {
  if (!file_exists(path)) return otherwise;
  std::vector<std::string> names = lines_of(read_file(path));
  if (names.size() != static_cast<std::size_t>(classes)) {
    throw bad_input(path, fmt::format("must name {} classes, names {}", classes, names.size()));
  }
  for (const std::string& name : names) require_class_name(name, path);
  return names;
}

ImageSet read_cifar_batches(const CifarKind& kind, const std::vector<std::string>& paths) {
  ImageSet images;
  images.channels = 3;
  images.height = images.width = 32;
  images.classes = kind.classes;
  const std::size_t record_size = kind.label_bytes + kCifarPixels;
  for (const std::string& path : paths) {
    const std::string bytes = read_file(path);
    if (bytes.empty() || bytes.size() % record_size != 0) {
      throw bad_input(
          path, fmt::format("must have a multiple of {} bytes, has {}", record_size, bytes.size()));
    }
    ImageSet batch;
    batch.classes = kind.classes;
    for (std::size_t at = 0; at < bytes.size(); at += record_size) {
      const char* pixels = &bytes[at + kind.label_bytes];
      batch.labels.push_back(static_cast<std::uint8_t>(pixels[-1]));
      images.pixels.insert(images.pixels.end(), pixels, pixels + kCifarPixels);
    }
    require_labels(batch, path);
    images.labels.insert(images.labels.end(), batch.labels.begin(), batch.labels.end());
  }
  return images;
}

}  // namespace

ImageSets read_cifar10(const std::string& directory) {
  constexpr CifarKind kKind = {1, 10};
  const std::string folder = data_folder(directory, "cifar-10-batches-bin");
  std::vector<std::string> batches;
  for (int i = 1; i <= 5; ++i) batches.push_back(fmt::format("{}/data_batch_{}.bin", folder, i));
  ImageSets sets;
  sets.train = read_cifar_batches(kKind, batches);
  sets.test = read_cifar_batches(kKind, {folder + "/test_batch.bin"});
  sets.train.class_names = sets.test.class_names = read_class_names(
      folder + "/batches.meta.txt", kKind.classes,
      {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"});
  return sets;
}

ImageSets read_cifar100(const std::string& directory) {
  constexpr CifarKind kKind = {2, 100};
  const std::string folder = data_folder(directory, "cifar-100-binary");
  ImageSets sets;
  sets.train = read_cifar_batches(kKind, {folder + "/train.bin"});
  sets.test = read_cifar_batches(kKind, {folder + "/test.bin"});
  sets.train.class_names = sets.test.class_names =
      read_class_names(folder + "/fine_label_names.txt", kKind.classes, {});
  return sets;
}

}  // namespace enas4d
