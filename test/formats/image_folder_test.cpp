// Image folders: what is read, what is kept in the cache, and what is refused.
#include "support/image_folder.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "formats/folder_listing.h"
#include "formats/image_pack.h"
#include "support/catch.h"
#include "support/peak_memory.h"
#include "util/error.h"

namespace enas4d {
namespace {

namespace fs = std::filesystem;

struct FolderFailure {
  ExitStatus status = ExitStatus::kDone;
  std::string message;
};

FolderFailure failure_of(const ExampleFolder& folder, const ReadOptions& options) {
  try {
    read_image_folder(folder.data(), options);
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return {error.status(), error.what()};
  }
  return {};
}

void check_refused(const ExampleFolder& folder, const std::string& message) {
  const FolderFailure failure = failure_of(folder, folder.options());
  CHECK(failure.status == ExitStatus::kBadInput);
  CHECK(failure.message == message);
}

ReadOptions with_observer(const ExampleFolder& folder, ReadObserver& observer) {
  ReadOptions options = folder.options();
  options.observer = &observer;
  return options;
}

/// Calls `first` when it first hears of decoded images.
class HookedObserver : public CountingObserver {
 public:
  explicit HookedObserver(std::function<void()> first) : first_(std::move(first)) {}
  void decoded(const std::string& folder, std::int64_t done, std::int64_t images) override {
    CountingObserver::decoded(folder, done, images);
    if (decodings == 1) first_();
  }

 private:
  std::function<void()> first_;
};

/// Permissions mean nothing to root.
class AsNobody {
 public:
  AsNobody() : user_(geteuid()) { done_ = user_ != 0 || seteuid(65534) == 0; }
  ~AsNobody() { done_ = user_ != 0 || seteuid(user_) == 0; }

 private:
  uid_t user_;
  bool done_;
};

}  // namespace

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

TEST_CASE("decoded images come from the cache the second time, whatever the number of workers",
          "[formats][folder]") {
  const ExampleFolder folder;
  const ImageSets first = folder.read();
  CountingObserver observer;
  ReadOptions options = with_observer(folder, observer);
  const ImageSets second = read_image_folder(folder.data(), options);
  CHECK(observer.decodings == 0);
  CHECK(image_set_hash(second.train) == image_set_hash(first.train));

  options.cache = folder / "other-cache";
  options.workers = 5;
  const ImageSets third = read_image_folder(folder.data(), options);
  CHECK(observer.decodings == 2);
  CHECK(third.train.labels == first.train.labels);
  CHECK(image_set_hash(third.train) == image_set_hash(first.train));
  bool all_equal = true;
  for (std::size_t i = 0; i < first.train.size(); ++i) {
    const ImageView a = first.train.image(i), b = third.train.image(i);
    all_equal = all_equal && a.height == b.height &&
                std::equal(a.pixels, a.pixels + a.height * a.row_step, b.pixels);
  }
  CHECK(all_equal);
}

TEST_CASE("other files or another decoding are decoded anew", "[formats][folder]") {
  const ExampleFolder folder;
  const std::string before = image_set_hash(folder.read().train);
  CountingObserver observer;
  ReadOptions options = with_observer(folder, observer);
  SECTION("another image") {
    folder.add("data/train/pears/3.ppm", pnm_file(noise_image(3, 21, 24, 99)));
  }
  SECTION("one image more") {
    folder.add("data/train/pears/9.ppm", pnm_file(noise_image(3, 20, 24, 99)));
  }
  SECTION("another resolution") {
    options.resolution = 10;
  }
  SECTION("grey") {
    options.channels = 1;
  }
  const ImageSets sets = read_image_folder(folder.data(), options);
  CHECK(observer.decodings >= 1);
  CHECK(image_set_hash(sets.train) != before);
  CHECK(sets.train.image(0).channels == options.channels);
}

TEST_CASE("a damaged cache is made again", "[formats][folder]") {
  const ExampleFolder folder;
  folder.read();
  for (const std::string& path : folder.packs()) {
    const std::string bytes = read_file(path);
    const auto kept = GENERATE_COPY(std::size_t{0}, std::size_t{31}, bytes.size() / 2);
    write_file(path, bytes.substr(0, kept) + (kept == 31 ? std::string(40, 'x') : ""));
  }
  CountingObserver observer;
  read_image_folder(folder.data(), with_observer(folder, observer));
  CHECK(observer.decodings == 2);
}

TEST_CASE("a cache with a label that no class has is made again", "[formats][folder]") {
  const ExampleFolder folder;
  const ImageSets before = folder.read();
  const std::int32_t label = GENERATE(2, -1, 1 << 30);
  for (const std::string& path : folder.packs()) {
    std::string bytes = read_file(path);
    const std::size_t text = bytes.find("{\"format\"");  // the last label lies before it
    std::memcpy(&bytes[text - sizeof label], &label, sizeof label);
    write_file(path, bytes);
  }
  CHECK(folder.read().train.labels == before.train.labels);
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

TEST_CASE("an image that could not be read for a passing reason is read the next time",
          "[formats][folder]") {
  const ExampleFolder folder(60);
  const std::string path = folder / "data/train/pears/9.ppm", away = folder / "away.ppm";
  HookedObserver observer([&] { fs::rename(path, away); });  // the last, not yet decoded
  CHECK(read_image_folder(folder.data(), with_observer(folder, observer)).train.size() == 119);
  CHECK(observer.reasons ==
        std::vector<std::string>{path + ": cannot be read: No such file or directory"});
  fs::rename(away, path);
  CHECK(folder.read().train.size() == 120);
  CountingObserver cached;
  read_image_folder(folder.data(), with_observer(folder, cached));
  CHECK(cached.decodings == 0);
}

TEST_CASE("an image that has become readable is read", "[formats][folder]") {
  const ExampleFolder folder(60);
  const std::string path = folder / "data/train/pears/9.ppm";
  REQUIRE(chmod(fs::path(folder.data()).parent_path().c_str(), 0777) == 0);
  REQUIRE(chmod(path.c_str(), 0) == 0);
  {
    const AsNobody as_nobody;
    CHECK(folder.read().train.size() == 119);
  }
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK(folder.read().train.size() == 120);
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

TEST_CASE("who waits for a decoding that fails does not repeat it", "[formats][folder]") {
  const ExampleFolder folder(60);
  for (int i = 20; i < 30; ++i) {  // behind the first 64, which the observer hears of
    folder.add("data/train/pears/" + std::to_string(i) + ".ppm", "");
  }
  CountingObserver late;
  FolderFailure late_failure;
  std::thread second;
  HookedObserver observer([&] {
    second = std::thread([&] { late_failure = failure_of(folder, with_observer(folder, late)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // for it to wait
  });
  ReadOptions options = folder.options();
  options.observer = &observer;
  const FolderFailure failure = failure_of(folder, options);
  second.join();
  CHECK_THAT(failure.message, Contains("more than 1 % of its 120 images cannot be read"));
  CHECK(late_failure.status == ExitStatus::kBadInput);
  CHECK(late_failure.message == failure.message);
  CHECK(late.decodings == 0);

  late_failure = failure_of(folder, with_observer(folder, late));  // a new try is one
  CHECK(late_failure.message == failure.message);
  CHECK(late.decodings == 1);
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

TEST_CASE("a disk that fills up while the cache is written is told, and nothing is left",
          "[formats][folder]") {
  const ExampleFolder folder(40);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit = {10'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const FolderFailure failure = failure_of(folder, folder.options());
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);

  CHECK(failure.status == ExitStatus::kFailed);
  CHECK_THAT(failure.message, Contains(folder.cache() + "/data-train-"));
  CHECK_THAT(failure.message, Contains("cannot be written: File too large (decoded images are "
                                       "kept there; --cache DIR: elsewhere)"));
  CHECK(folder.packs().empty());
  for (const auto& entry : fs::directory_iterator(folder.cache())) {
    CHECK(entry.path().extension() == ".lock");
  }
  CHECK(folder.read().train.size() == 80);
}

TEST_CASE("a cache that cannot be made is told", "[formats][folder]") {
  const ExampleFolder folder;
  ReadOptions options = folder.options();
  options.cache = "/dev/null/cache";
  const FolderFailure failure = failure_of(folder, options);
  CHECK(failure.status == ExitStatus::kFailed);
  CHECK_THAT(failure.message, Contains("/dev/null/cache: cannot be made"));
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
