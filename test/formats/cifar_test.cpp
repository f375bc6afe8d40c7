#include <fmt/format.h>

#include "formats/image_set.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {
namespace {

/// Label bytes, then pixels that all have the value `shade`.
std::string cifar_record(const std::string& labels, char shade) {
  return labels + std::string(3072, shade);
}

void write_small_cifar10(const std::string& folder) {
  for (char i = 1; i <= 5; ++i) {
    write_file(fmt::format("{}/data_batch_{}.bin", folder, static_cast<int>(i)),
               cifar_record(std::string(1, i), i) + cifar_record(std::string(1, '\0'), 'x'));
  }
  write_file(folder + "/test_batch.bin", cifar_record("\x09", 'y'));
}

}  // namespace

TEST_CASE("CIFAR-10 is read batch after batch", "[formats][cifar]") {
  const TemporaryFolder folder;
  const std::string subfolder = GENERATE(".", "cifar-10-batches-bin");
  make_directories(folder / subfolder);
  write_small_cifar10(folder / subfolder);
  const ImageSets sets = read_cifar10(folder.path());
  CHECK(sets.train.labels == std::vector<std::int32_t>{1, 0, 2, 0, 3, 0, 4, 0, 5, 0});
  CHECK(sets.train.image_bytes() == 3072);
  REQUIRE(sets.train.pixels.size() == 10 * 3072);
  CHECK(sets.train.pixels[8 * 3072 - 1] == 'x');
  CHECK(sets.train.pixels[8 * 3072] == 5);
  CHECK(sets.test.labels == std::vector<std::int32_t>{9});
  CHECK(sets.train.class_names.at(9) == "truck");
}

TEST_CASE("CIFAR-10's own class names are taken where they are", "[formats][cifar]") {
  const TemporaryFolder folder;
  write_small_cifar10(folder.path());
  write_file(folder / "batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  const ImageSets sets = read_cifar10(folder.path());
  CHECK(sets.train.class_names.at(0) == "a");
  CHECK(sets.test.class_names.at(9) == "j");
  write_file(folder / "batches.meta.txt", "a\nb\n");
  CHECK_THROWS_WITH(read_cifar10(folder.path()),
                    Contains("batches.meta.txt: must name 10 classes, names 2"));
  write_file(folder / "batches.meta.txt", "\xE9\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  CHECK_THROWS_WITH(read_cifar10(folder.path()),
                    Contains("batches.meta.txt: a class name must be UTF-8"));
  write_file(folder / "batches.meta.txt", "a\tb\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  CHECK_THROWS_WITH(read_cifar10(folder.path()),
                    Contains("batches.meta.txt: a class name must have no tab"));
}

TEST_CASE("CIFAR-100 is labelled by its fine classes", "[formats][cifar]") {
  const TemporaryFolder folder;
  write_file(folder / "train.bin", cifar_record("\x13\x63", 'a') + cifar_record("\x01\x02", 'b'));
  write_file(folder / "test.bin", cifar_record("\x03\x04", 'c'));
  const ImageSets sets = read_cifar100(folder.path());
  CHECK(sets.train.classes == 100);
  CHECK(sets.train.labels == std::vector<std::int32_t>{99, 2});
  CHECK(sets.train.pixels[3071] == 'a');
  CHECK(sets.train.pixels[3072] == 'b');
  CHECK(sets.test.labels == std::vector<std::int32_t>{4});
  CHECK(sets.train.class_names.empty());
}

TEST_CASE("a wrong CIFAR file is refused by the rule that it breaks", "[formats][cifar]") {
  const auto [bytes, message] = GENERATE(table<std::string, std::string>({
      {"", ": must have a multiple of 3073 bytes, has 0"},
      {std::string(100, 'x'), ": must have a multiple of 3073 bytes, has 100"},
      {std::string(3074, '\0'), ": must have a multiple of 3073 bytes, has 3074"},
      {cifar_record("\x01", 'x') + cifar_record("\xC8", 'x'),
       ": label of image 1: must be from 0 to 9, got 200"},
  }));
  const TemporaryFolder folder;
  write_small_cifar10(folder.path());
  write_file(folder / "data_batch_3.bin", bytes);
  CHECK_THROWS_WITH(read_cifar10(folder.path()), folder / "data_batch_3.bin" + message);
}

TEST_CASE("what is missing of CIFAR is named", "[formats][cifar]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_cifar10(folder / "absent"), folder / "absent" + ": no such directory");
  CHECK_THROWS_WITH(read_cifar100(folder.path()),
                    folder / "train.bin" + ": cannot be read: No such file or directory");
}

}  // namespace enas4d
