// Fashion-MNIST: IDX files (a big-endian header of magic and sizes, then bytes), plain or by gzip.
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <zlib.h>

#include "formats/data_folder.h"
#include "formats/image_set.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {
namespace {

/// Reads plain and compressed files alike.
class GzipReader {
 public:
  explicit GzipReader(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rbe")) {
    if (!file_)
      throw bad_input(path,
                      fmt::format("cannot be read: {}", std::generic_category().message(errno)));
  }

  /// Up to `size` bytes; fewer at the end of the file. Memory grows with what is there, whatever
  /// `size` a damaged header asked for.
  std::vector<std::uint8_t> read(std::uint64_t size) {
    constexpr std::uint64_t kBlock = 1 << 20;
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < size) {
      const std::size_t before = bytes.size();
      const auto wanted = static_cast<unsigned>(std::min<std::uint64_t>(kBlock, size - before));
      bytes.resize(before + wanted);
      const int got = gzread(file_.get(), &bytes[before], wanted);
      if (got < 0) throw damaged();
      bytes.resize(before + static_cast<std::size_t>(got));
      if (static_cast<unsigned>(got) < wanted) {
        int code = 0;
        gzerror(file_.get(), &code);
        if (code == Z_BUF_ERROR) throw damaged();  // the compressed stream ends too early
        break;
      }
    }
    return bytes;
  }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };

  Error damaged() const {
    int code = 0;
    std::string_view message = gzerror(file_.get(), &code);
    if (code == Z_ERRNO) {
      return bad_input(path_,
                       fmt::format("cannot be read: {}", std::generic_category().message(errno)));
    }
    const std::string prefix = path_ + ": ";
    if (message.substr(0, prefix.size()) == prefix) message.remove_prefix(prefix.size());
    return bad_input(path_, fmt::format("the compressed file is damaged: {}", message));
  }

  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

struct IdxArray {
  std::string path;
  std::vector<std::uint32_t> shape;
  std::vector<std::uint8_t> bytes;
};

/// An IDX array of unsigned bytes with `dimensions` dimensions from `path` or `path`.gz.
IdxArray read_idx(const std::string& plain_path, std::uint32_t dimensions) {
  const std::string path = file_exists(plain_path) ? plain_path : plain_path + ".gz";
  if (!file_exists(path)) throw bad_input(plain_path, "no such file, nor with .gz");
  GzipReader file(path);
  const std::uint64_t header_size = 4 + 4 * std::uint64_t{dimensions};
  const std::vector<std::uint8_t> header = file.read(header_size);
  const std::uint32_t magic = 0x0800 + dimensions;  // 08 = unsigned byte
  if (header.size() < header_size || big_endian(header.data()) != magic) {
    throw bad_input(path, fmt::format("must be an idx file that begins with {:08x}", magic));
  }
  IdxArray array{path, {}, {}};
  std::uint64_t size = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const std::uint32_t length = big_endian(&header[4 + 4 * i]);
    constexpr std::uint32_t kLongestSide = 4096;  // of an image; keeps the product in 64 bits
    if (length == 0 || (i > 0 && length > kLongestSide)) {
      throw bad_input(path, fmt::format("dimension {} cannot be {}", i, length));
    }
    array.shape.push_back(length);
    size *= length;
  }
  array.bytes = file.read(size);
  if (array.bytes.size() < size) {
    throw bad_input(path, fmt::format("is cut: {} bytes of data where its header asks for {}",
                                      array.bytes.size(), size));
  }
  if (!file.read(1).empty()) {
    throw bad_input(path, fmt::format("has more than the {} bytes its header asks for", size));
  }
  return array;
}

ImageSet read_idx_images(const std::string& prefix) {
  IdxArray pixels = read_idx(prefix + "-images-idx3-ubyte", 3);
  const IdxArray labels = read_idx(prefix + "-labels-idx1-ubyte", 1);
  if (labels.shape[0] != pixels.shape[0]) {
    throw bad_input(labels.path, fmt::format("has {} labels for the {} images of {}",
                                             labels.shape[0], pixels.shape[0], pixels.path));
  }
  if (pixels.shape[1] != pixels.shape[2]) {
    throw bad_input(pixels.path, fmt::format("images must be square, are {}x{}", pixels.shape[1],
                                             pixels.shape[2]));
  }
  ImageSet images;
  images.channels = 1;
  images.height = static_cast<int>(pixels.shape[1]);
  images.width = static_cast<int>(pixels.shape[2]);
  images.classes = 10;
  images.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                        "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  images.pixels = std::move(pixels.bytes);
  images.labels.assign(labels.bytes.begin(), labels.bytes.end());
  require_labels(images, labels.path);
  return images;
}

}  // namespace

ImageSets read_fashion_mnist(const std::string& directory) {
  const std::string folder = data_folder(directory, "FashionMNIST/raw");
  ImageSets sets;
  sets.train = read_idx_images(folder + "/train");
  sets.test = read_idx_images(folder + "/t10k");
  if (sets.train.height != sets.test.height || sets.train.width != sets.test.width) {
    throw bad_input(folder,
                    fmt::format("train has images of {}x{}, t10k of {}x{}", sets.train.height,
                                sets.train.width, sets.test.height, sets.test.width));
  }
  return sets;
}

}  // namespace enas4d
