// The cache of decoded images: what is kept, what is decoded anew, and what may go wrong meanwhile.
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "formats/image_pack.h"
#include "support/catch.h"
#include "support/folder_reading.h"
#include "support/image_folder.h"
#include "util/error.h"

namespace enas4d {

namespace fs = std::filesystem;

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

TEST_CASE("folders of equal names, sizes and times have caches of their own", "[formats][folder]") {
  const ExampleFolder folder;
  const std::string other = folder / "other/data";
  make_directories(folder / "other");
  fs::copy(folder.data(), other, fs::copy_options::recursive);
  const std::string apples = other + "/train/apples", pears = other + "/train/pears";
  fs::rename(apples, other + "/train/.kept");
  fs::rename(pears, apples);
  fs::rename(other + "/train/.kept", pears);
  for (const auto& entry : fs::recursive_directory_iterator(folder / "")) {
    if (entry.is_regular_file()) fs::last_write_time(entry, fs::file_time_type{});
  }
  const std::string first = image_set_hash(folder.read().train);
  CHECK(image_set_hash(read_image_folder(other, folder.options()).train) != first);
}

TEST_CASE("a folder's name may be as long as a file system allows", "[formats][folder]") {
  const ExampleFolder folder;
  // The first is of one byte, the others of three: the cut must not leave a part of one.
  std::string name = "a";
  for (int i = 0; i < 84; ++i) name += "\u5199";
  fs::rename(folder.data(), folder / name);
  read_image_folder(folder / name, folder.options());
  for (const auto& entry : fs::directory_iterator(folder.cache())) {
    const std::string cached = entry.path().filename().string();
    CHECK(cached.substr(0, 1 + 26 * 3 + 1) == name.substr(0, 1 + 26 * 3) + "-");
  }
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

TEST_CASE("a reading ends where an image can no more be read, and the next one has all images",
          "[formats][folder]") {
  const ExampleFolder folder(60);
  const std::string path = folder / "data/train/pears/9.ppm", away = folder / "away.ppm";
  HookedObserver observer([&] { fs::rename(path, away); });  // the last, not yet decoded
  CHECK_THROWS_WITH(read_image_folder(folder.data(), with_observer(folder, observer)),
                    Contains(path + ": cannot be read: No such file or directory, though"));
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

}  // namespace enas4d
