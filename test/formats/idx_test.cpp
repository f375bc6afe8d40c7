#include <functional>

#include <zlib.h>

#include "formats/image_set.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {
namespace {

std::string idx_bytes(std::initializer_list<std::uint32_t> shape, const std::string& data) {
  std::string bytes = {0, 0, 8, static_cast<char>(shape.size())};
  for (const std::uint32_t length : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 0xFF);
  }
  return bytes + data;
}

std::string compressed(const TemporaryFolder& folder, const std::string& bytes) {
  const std::string path = folder / "compressed";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return read_file(path);
}

const std::string kTrainImages = "/train-images-idx3-ubyte",
                  kTrainLabels = "/train-labels-idx1-ubyte";

/// Three images of 2 x 2 for training, one for testing.
void write_small_fashion(const std::string& folder) {
  write_file(folder + kTrainImages, idx_bytes({3, 2, 2}, "abcdefghijkl"));
  write_file(folder + kTrainLabels, idx_bytes({3}, std::string("\x00\x09\x05", 3)));
  write_file(folder + "/t10k-images-idx3-ubyte", idx_bytes({1, 2, 2}, "mnop"));
  write_file(folder + "/t10k-labels-idx1-ubyte", idx_bytes({1}, "\x01"));
}

void check_small_fashion(const ImageSets& sets) {
  CHECK(sets.train.channels == 1);
  CHECK(sets.train.height == 2);
  CHECK(sets.train.width == 2);
  CHECK(sets.train.classes == 10);
  CHECK(sets.train.class_names.size() == 10);
  CHECK(sets.train.labels == std::vector<std::int32_t>{0, 9, 5});
  CHECK(std::string(sets.train.pixels.begin(), sets.train.pixels.end()) == "abcdefghijkl");
  CHECK(sets.test.labels == std::vector<std::int32_t>{1});
  CHECK(sets.val.size() == 0);
}

}  // namespace

TEST_CASE("Fashion-MNIST is read plain and compressed alike", "[formats][idx]") {
  const TemporaryFolder folder;
  write_small_fashion(folder.path());
  check_small_fashion(read_fashion_mnist(folder.path()));

  write_file(folder.path() + kTrainImages + ".gz",
             compressed(folder, read_file(folder.path() + kTrainImages)));
  std::filesystem::remove(folder.path() + kTrainImages);
  check_small_fashion(read_fashion_mnist(folder.path()));
}

TEST_CASE("Fashion-MNIST is found in its usual subfolder", "[formats][idx]") {
  const TemporaryFolder folder;
  make_directories(folder / "FashionMNIST/raw");
  write_small_fashion(folder / "FashionMNIST/raw");
  check_small_fashion(read_fashion_mnist(folder.path()));
}

TEST_CASE("a wrong IDX file is refused by the rule that it breaks", "[formats][idx]") {
  const auto [name, bytes, message] = GENERATE(table<std::string, std::string, std::string>({
      {kTrainImages, "", ": must be an idx file that begins with 00000803"},
      {kTrainImages, std::string("\x00\x00\x08\x03", 4),
       ": must be an idx file that begins with 00000803"},
      {kTrainImages, idx_bytes({3}, "abc"), ": must be an idx file that begins with 00000803"},
      {kTrainImages, idx_bytes({3, 2, 2}, "abcdefghijk"),
       ": is cut: 11 bytes of data where its header asks for 12"},
      {kTrainImages, idx_bytes({3, 2, 2}, "abcdefghijklm"),
       ": has more than the 12 bytes its header asks for"},
      {kTrainImages, idx_bytes({0xFFFFFFFF, 4096, 4096}, "abcd"),
       ": is cut: 4 bytes of data where its header asks for 72057594021150720"},
      {kTrainImages, idx_bytes({1, 0xFFFFFFFF, 0xFFFFFFFF}, "abcd"),
       ": dimension 1 cannot be 4294967295"},
      {kTrainImages, idx_bytes({0, 2, 2}, ""), ": dimension 0 cannot be 0"},
      {kTrainImages, idx_bytes({3, 1, 1}, "abc"), "train has images of 1x1, t10k of 2x2"},
      {kTrainImages, idx_bytes({3, 1, 2}, "abcdef"), ": images must be square, are 1x2"},
      {kTrainLabels, idx_bytes({2}, "\x01\x02"), ": has 2 labels for the 3 images of "},
      {kTrainLabels, idx_bytes({3}, "\x01\x02\x0A"),
       ": label of image 2: must be from 0 to 9, got 10"},
  }));
  const TemporaryFolder folder;
  write_small_fashion(folder.path());
  write_file(folder.path() + name, bytes);
  CAPTURE(name, message);
  CHECK_THROWS_WITH(read_fashion_mnist(folder.path()), Contains(message));
}

TEST_CASE(
    "a compressed file that is cut anywhere, or whose checksum or length is wrong, is refused",
    "[formats][idx]") {
  const TemporaryFolder folder;
  write_small_fashion(folder.path());
  const std::string whole = compressed(folder, read_file(folder.path() + kTrainImages));
  std::filesystem::remove(folder.path() + kTrainImages);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    write_file(folder.path() + kTrainImages + ".gz", whole.substr(0, size));
    CHECK_THROWS_AS(read_fashion_mnist(folder.path()), Error);
  }
  for (std::size_t from_end = 1; from_end <= 8; ++from_end) {  // its own checksum and length
    std::string changed = whole;
    changed[whole.size() - from_end] ^= 1;
    write_file(folder.path() + kTrainImages + ".gz", changed);
    CHECK_THROWS_WITH(read_fashion_mnist(folder.path()),
                      Contains(".gz: the compressed file is damaged: incorrect "));
  }
}

TEST_CASE("what is missing of Fashion-MNIST is named", "[formats][idx]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_fashion_mnist(folder / "absent"),
                    folder / "absent" + ": no such directory");
  CHECK_THROWS_WITH(read_fashion_mnist(folder.path()),
                    folder.path() + kTrainImages + ": no such file, nor with .gz");
}

}  // namespace enas4d
