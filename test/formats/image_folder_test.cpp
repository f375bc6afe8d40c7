// Image folders: what is read, and what is refused.
#include "support/image_folder.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

#include "formats/folder_listing.h"
#include "formats/image_pack.h"
#include "support/catch.h"
#include "support/folder_reading.h"
#include "support/peak_memory.h"
#include "util/error.h"

namespace enas4d {

namespace fs = std::filesystem;

TEST_CASE("a folder is a train set with sorted class names, and its val is for the final test",
          "[formats][folder]") {
  const ExampleFolder folder;
  const ImageSets sets = folder.read();
  CHECK(sets.train.class_names == std::vector<std::string>{"apples", "pears"});
  CHECK(sets.train.classes == 2);
  CHECK(sets.train.labels == std::vector<std::int32_t>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
  CHECK(sets.test.size() == 12);
  CHECK(sets.val.size() == 0);
  CHECK(sets.train.height == 12);
}

TEST_CASE("with a test folder, val is val", "[formats][folder]") {
  const ExampleFolder folder;
  fs::copy(folder / "data/train", folder / "data/test", fs::copy_options::recursive);
  const ImageSets sets = folder.read();
  CHECK(sets.val.size() == 12);
  CHECK(image_set_hash(sets.test) == image_set_hash(sets.train));
}

TEST_CASE("images are kept upright, shrunk to 5/4 of the crop's side, smaller ones as they are",
          "[formats][folder]") {
  const ExampleFolder folder;
  const Image small = noise_image(3, 9, 30);
  folder.add("data/train/apples/a-small.png", png_file(small, PNG_FORMAT_RGB));
  folder.add("data/train/apples/b-turned.JPeG",
             with_orientation(jpeg_file(smooth_image(3, 40, 80)), 6, "MM"));
  const ImageSets sets = folder.read();
  const ImageView first = sets.train.image(6);  // digits come first
  CHECK(first.height == 9);
  CHECK(first.width == 27);  // at most three times as wide as high
  CHECK(first.pixels[0] == small.pixels[3]);
  const ImageView turned = sets.train.image(7);
  CHECK(turned.width == 15);
  CHECK(turned.height == 30);
}

TEST_CASE("files whose size stands far behind their beginning are read", "[formats][folder]") {
  const ExampleFolder folder;
  const std::string jpeg = jpeg_file(smooth_image(3, 40, 80));
  const std::string comment = "\xff\xfe\xff\xff" + std::string(0xffff - 2, ' ');
  std::string preview;
  for (int i = 0; i < 5; ++i) preview += comment;
  folder.add("data/train/apples/a.jpg", jpeg);
  folder.add("data/train/apples/b.jpg", jpeg.substr(0, 2) + preview + jpeg.substr(2));
  const ImageSets sets = folder.read();
  REQUIRE(sets.train.size() == 14);
  const ImageView a = sets.train.image(6), b = sets.train.image(7);
  CHECK(std::equal(a.pixels, a.pixels + a.height * a.row_step, b.pixels));
}

TEST_CASE("files take their share of the memory before they are read", "[formats][folder]") {
  const ExampleFolder folder;
  const std::string image = pnm_file(noise_image(3, 1000, 1000));  // 3 MB
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    folder.add(std::string("data/train/apples/") + name + ".ppm", image);
  }
  ReadOptions options = folder.options();
  options.workers = 6;
  options.memory = 1;  // one at a time
  const PeakMemory memory;
  CHECK(read_image_folder(folder.data(), options).train.size() == 18);
  CHECK(memory.bytes() < 12'000'000);
}

TEST_CASE("what is too large to be an image is left out and takes no memory", "[formats][folder]") {
  const ExampleFolder folder(60);
  folder.add("data/train/apples/film.jpg", jpeg_file(smooth_image(3, 40, 80)));
  const std::string path = folder / "data/train/apples/film.jpg";
  fs::resize_file(path, std::uintmax_t{3} << 30);
  CountingObserver observer;
  const PeakMemory memory;
  CHECK(read_image_folder(folder.data(), with_observer(folder, observer)).train.size() == 120);
  CHECK(memory.bytes() < 12'000'000);
  CHECK(observer.reasons ==
        std::vector<std::string>{path + ": has 3221225472 bytes, more than 1073741824"});
}

TEST_CASE("endings, hidden files, subfolders and other files are taken as people expect",
          "[formats][folder]") {
  const ExampleFolder folder(1);
  const std::string image = pnm_file(noise_image(1, 20, 20));
  for (const char* name : {"a.JPG", "b.jpeg", "c.PnG", "d.pgm", "deeper/e.PPM"}) {
    make_directories(folder / "data/train/apples/deeper");
    folder.add(std::string("data/train/apples/") + name, image);
  }
  for (const char* name : {".hidden.png", "notes.txt", "Thumbs.db", "x.tif"}) {
    folder.add(std::string("data/train/apples/") + name, image);
  }
  folder.add("data/train/list.csv", "");
  const FolderListing listing = list_image_folder(folder / "data/train");
  std::vector<std::string> names;
  for (const FolderListing::File& file : listing.files) names.push_back(file.path);
  CHECK(names == std::vector<std::string>{"apples/0.ppm", "apples/a.JPG", "apples/b.jpeg",
                                          "apples/c.PnG", "apples/d.pgm", "apples/deeper/e.PPM",
                                          "pears/0.ppm"});
}

TEST_CASE("a few unreadable images are left out, named and remembered", "[formats][folder]") {
  const ExampleFolder folder(60);
  folder.add("data/train/apples/30.ppm", "");
  const std::string path = folder / "data/train/apples/30.ppm";
  for (int round = 0; round < 2; ++round) {  // from files, from the cache
    CountingObserver observer;
    const ImageSets sets = read_image_folder(folder.data(), with_observer(folder, observer));
    CHECK(observer.reasons == std::vector<std::string>{path + ": is empty"});
    CHECK(sets.train.size() == 119);
    CHECK(std::count(sets.train.labels.begin(), sets.train.labels.end(), 0) == 59);
  }
}

TEST_CASE("more unreadable images than allowed stop the reading, and nothing is left",
          "[formats][folder]") {
  const ExampleFolder folder(60);
  folder.add("data/train/apples/30.ppm", "P6 nothing");
  folder.add("data/train/pears/7.ppm", "");
  check_refused(folder, folder / "data/train" +
                            ": more than 1 % of its 120 images cannot be read, first "
                            "apples/30.ppm: is a damaged PPM file: its width is missing");
  CHECK(folder.packs().empty());
  ReadOptions options = folder.options();
  options.most_unreadable = 0.02;
  CHECK(read_image_folder(folder.data(), options).train.size() == 118);
  CHECK(failure_of(folder, folder.options()).status == ExitStatus::kBadInput);  // cached or not
}

TEST_CASE("a class of which nothing can be read is refused", "[formats][folder]") {
  const ExampleFolder folder(1);
  folder.add("data/train/pears/0.ppm", "");
  ReadOptions options = folder.options();
  options.most_unreadable = 1;
  CHECK(failure_of(folder, options).message ==
        folder / "data/train/pears" + ": has no image that can be read");
}

TEST_CASE("a class without images is refused", "[formats][folder]") {
  const ExampleFolder folder;
  make_directories(folder / "data/train/zebras");
  check_refused(folder, folder / "data/train/zebras" +
                            ": has no images (.jpg, .jpeg, .png, .ppm, .pgm, .pnm)");
}

TEST_CASE("a folder without classes, and none at all, are refused", "[formats][folder]") {
  const ExampleFolder folder;
  fs::remove_all(folder / "data/train");
  check_refused(folder, folder / "data/train" + ": cannot be read: No such file or directory");
  make_directories(folder / "data/train");
  check_refused(folder, folder / "data/train" + ": must have a folder for each class, has none");
}

TEST_CASE("class sets that differ are refused", "[formats][folder]") {
  const ExampleFolder folder;
  fs::rename(folder / "data/val/pears", folder / "data/val/plums");
  check_refused(folder,
                folder / "data/val" + ": lacks the class 'pears' of " + (folder / "data/train"));
  fs::copy(folder / "data/val/plums", folder / "data/val/pears");
  check_refused(folder,
                folder / "data/train" + ": lacks the class 'plums' of " + (folder / "data/val"));
}

TEST_CASE("loops of links are refused", "[formats][folder]") {
  const ExampleFolder folder;
  SECTION("a link to a folder around it") {
    fs::create_directory_symlink(folder / "data/train/apples", folder / "data/train/apples/again");
    check_refused(folder,
                  folder / "data/train/apples/again" + ": is a link to a folder that it lies in");
  }
  SECTION("a link to itself") {
    fs::create_symlink(folder / "data/train/self", folder / "data/train/self");
    check_refused(
        folder, folder / "data/train/self" + ": cannot be read: Too many levels of symbolic links");
  }
}

TEST_CASE("links to images and classes are followed, one to nowhere is an unreadable image",
          "[formats][folder]") {
  const ExampleFolder folder;
  fs::rename(folder / "data/train/apples", folder / "elsewhere");
  fs::create_directory_symlink(folder / "elsewhere", folder / "data/train/apples");
  CHECK(folder.read().train.size() == 12);
  fs::create_symlink(folder / "nowhere", folder / "data/train/pears/x.png");
  const FolderFailure failure = failure_of(folder, folder.options());
  CHECK_THAT(failure.message,
             Contains("first pears/x.png: cannot be read: No such file or directory"));
}

TEST_CASE("a folder without read permission is refused", "[formats][folder]") {
  const ExampleFolder folder;
  const std::string closed = folder / "data/train/pears";
  REQUIRE(chmod(fs::path(folder.data()).parent_path().c_str(), 0755) == 0);
  REQUIRE(chmod(closed.c_str(), 0) == 0);
  {
    const AsNobody as_nobody;
    check_refused(folder, closed + ": cannot be read: Permission denied");
  }
  REQUIRE(chmod(closed.c_str(), 0755) == 0);
}

TEST_CASE("a class name that is not UTF-8 is refused", "[formats][folder]") {
  const ExampleFolder folder;
  make_directories(folder / "data/train/\xff");
  check_refused(folder, folder / "data/train/\xff" + ": a class name must be UTF-8");
}

TEST_CASE("a class name that would break a line is refused", "[formats][folder]") {
  const ExampleFolder folder;
  make_directories(folder / "data/train/red\tdish");
  check_refused(folder, folder / "data/train/red\tdish" +
                            ": a class name must have no tab, line break or other control "
                            "character");
}

TEST_CASE("a network for another number of classes is told before anything is decoded",
          "[formats][folder]") {
  const ExampleFolder folder;
  ReadOptions options = folder.options();
  options.classes = 7;
  CHECK_THAT(failure_of(folder, options).message, Contains("classes, the network is for 7"));
  CHECK_FALSE(file_exists(options.cache));
}

TEST_CASE("a space of another number of channels is told", "[formats][folder]") {
  const ExampleFolder folder;
  ReadOptions options = folder.options();
  options.channels = 4;
  CHECK(failure_of(folder, options).message ==
        folder.data() + ": has images of 3 channels, or of 1 as grey, but 4 were asked for");
}

TEST_CASE("decoding stops in good order when it is told to", "[formats][folder]") {
  const ExampleFolder folder;
  StopFlag stop;
  stop.raise();
  ReadOptions options = folder.options();
  options.stop = &stop;
  CHECK(failure_of(folder, options).status == ExitStatus::kStopped);
  CHECK(folder.packs().empty());
}

}  // namespace enas4d
