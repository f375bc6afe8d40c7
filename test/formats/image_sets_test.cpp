#include "formats/image_set.h"
#include "support/catch.h"
#include "util/error.h"

namespace enas4d {

TEST_CASE("a word and its settings become images", "[formats][data]") {
  const ImageSets sets =
      read_image_sets("synthetic:train=30,test=20,classes=5,channels=1,size=8,seed=9");
  CHECK(sets.train.size() == 30);
  CHECK(sets.test.size() == 20);
  CHECK(sets.train.classes == 5);
  CHECK(sets.train.channels == 1);
  CHECK(sets.train.height == 8);
  SyntheticOptions options{30, 20, 5, 1, 8, 9};
  CHECK(sets.train.pixels == make_synthetic(options).train.pixels);
}

TEST_CASE("a word outside the list is refused, with the nearest", "[formats][data]") {
  const auto [word, message] = GENERATE(table<std::string, std::string>({
      {"", "got ''"},
      {"cifar-10:x", "got 'cifar-10', did you mean 'cifar10'?"},
      {"fashionmnist", "got 'fashionmnist', did you mean 'fashion-mnist'?"},
      {"cifar10", "--data: cifar10 needs a folder: cifar10:DIR"},
      {"folder", "--data: folder needs a folder: folder:DIR"},
      {"cifar100:", "--data: cifar100 needs a folder: cifar100:DIR"},
      {"synthetic:tain=3",
       "--data: synthetic has no setting 'tain' (train, test, classes, channels, "
       "size, seed), did you mean 'train'?"},
      {"synthetic:train=0",
       "--data: synthetic: train must be a whole number from 1 to 1000000, got '0'"},
      {"synthetic:train", "train must be a whole number from 1 to 1000000, got ''"},
      {"synthetic:size=16,train=3x", "train must be a whole number from 1 to 1000000, got '3x'"},
      {"synthetic:seed=99999999999999999999", "seed must be a whole number"},
  }));
  CAPTURE(word);
  CHECK_THROWS_WITH(read_image_sets(word), Contains(message));
  try {
    read_image_sets(word);
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kUsage);
  }
}

TEST_CASE("a folder that is not there is bad input", "[formats][data]") {
  try {
    read_image_sets("cifar10:/nonexistent/folder");
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kBadInput);
    CHECK_THAT(error.what(), Contains("/nonexistent/folder: no such directory"));
  }
}

TEST_CASE("the hash of images depends on every part", "[formats][data]") {
  const ImageSet images = make_synthetic({10, 1, 2, 1, 8, 1}).train;
  const std::string hash = image_set_hash(images);
  ImageSet changed = images;
  SECTION("a pixel") {
    changed.pixels.back() ^= 1;
  }
  SECTION("a label") {
    changed.labels.front() ^= 1;
  }
  SECTION("the number of classes") {
    changed.classes = 3;
  }
  SECTION("the shape of equal size") {
    changed.height = 4;
    changed.width = 16;
  }
  CHECK(image_set_hash(changed) != hash);
}

}  // namespace enas4d
