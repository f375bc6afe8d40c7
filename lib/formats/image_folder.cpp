// folder:DIR. Listing, decoding by several threads in the files' order, and the cache.
#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "formats/folder_listing.h"
#include "formats/image_decoder.h"
#include "formats/image_pack.h"
#include "formats/image_set.h"
#include "formats/resample.h"
#include "util/ahead.h"
#include "util/error.h"
#include "util/files.h"
#include "util/hash.h"
#include "util/memory_budget.h"

namespace enas4d {
namespace fs = std::filesystem;
namespace {

/// Crops take a part of an image: it is kept with this much more than their side, so that they
/// seldom have to be enlarged.
int kept_short_side(int resolution) {
  return resolution * 5 / 4;
}

/// Whole, or the middle of an image of extreme shape, which would fill the cache.
Box kept_part(const ImageView& image) {
  constexpr double kMostAspect = 3;
  Box box = whole_box(image);
  box.height = std::min(box.height, kMostAspect * image.width);
  box.width = std::min(box.width, kMostAspect * image.height);
  box.top = std::floor((image.height - box.height) / 2);
  box.left = std::floor((image.width - box.width) / 2);
  return box;
}

/// So that the shorter side is `short_side`; a smaller image is kept as it is.
Image shrunk(Image image, int short_side) {
  const Box box = kept_part(image.view());
  const double scale = std::min(1.0, short_side / std::min(box.height, box.width));
  const int height = static_cast<int>(std::lround(scale * box.height));
  const int width = static_cast<int>(std::lround(scale * box.width));
  if (height == image.height && width == image.width) return image;
  return resample(image.view(), box, height, width);
}

/// The cache belongs to these very files, decoded in this very way. Names, sizes and times alone
/// may be those of another folder, too, where a tool has set all times alike.
std::string pack_key(const FolderListing& listing, const ReadOptions& options) {
  constexpr int kDecodingVersion = 1;  // raised when decoded images change
  Sha256 hash;
  hash.add(fmt::format("{} {} {}\n", kDecodingVersion, options.channels, options.resolution));
  hash.add(whole_path(listing.folder) + "\n");
  for (const std::string& name : listing.classes) hash.add(name + "\n");
  for (const FolderListing::File& file : listing.files) {
    hash.add(fmt::format("{} {} {} {}\n", file.label, file.size, file.modified, file.path));
    if (!file.readable) hash.add("closed\n");
  }
  return hash.digest();
}

void require_few_unreadable(const FolderListing& listing,
                            const std::vector<std::string>& unreadable,
                            const ReadOptions& options) {
  const std::size_t images = listing.files.size();
  const double share = static_cast<double>(unreadable.size()) / static_cast<double>(images);
  if (share <= options.most_unreadable) return;
  throw bad_input(listing.folder,
                  fmt::format("more than {:g} % of its {} images cannot be read, first {}",
                              100 * options.most_unreadable, images, unreadable.front()));
}

void go_on_unless_stopped(const FolderListing& listing, const ReadOptions& options) {
  if (options.stop == nullptr || !options.stop->raised()) return;
  throw Error(ExitStatus::kStopped,
              fmt::format("{}: stopped while its images were decoded", listing.folder));
}

struct DecodedFile {
  Image image;
  std::string digest;   ///< of the file's bytes
  std::string failure;  ///< "path: reason", path below the folder; empty = none
};

/// Bytes of a file that tell how much memory decoding takes; most files have no more.
constexpr std::size_t kBeginning = 256 * 1024;
/// No image of as many pixels as are accepted has more: what has is a film or a disk under a wrong
/// name, which would not fit into memory.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;

/// Errors of file systems that are far away pass, at best in a moment.
std::string read_patiently(const std::string& path, std::size_t most) {
  constexpr int kTries = 3;
  constexpr auto kPause = std::chrono::milliseconds(200);
  for (int tries = 1;; ++tries) {
    try {
      return read_file(path, most);
    } catch (const Error&) {
      if (tries == kTries) throw;
    }
    std::this_thread::sleep_for(kPause);
  }
}

/// Decodes one part of a folder into a pack.
class PackMaker {
 public:
  PackMaker(const FolderListing& listing, const ReadOptions& options, const std::string& path)
      : listing_(listing), options_(options), budget_(options.memory), writer_(path) {}

  void make(const std::string& key) {
    Sha256 hash;
    hash.add(fmt::format("{} {}\n{}\n", options_.channels, options_.resolution,
                         fmt::join(listing_.classes, "\n")));
    const auto count = static_cast<std::int64_t>(listing_.files.size());
    const auto make_file = [this, count](std::int64_t i) {
      return i < count ? decode(listing_.files[static_cast<std::size_t>(i)]) : DecodedFile{};
    };
    Ahead<DecodedFile> decoded(make_file, {options_.workers, 4 * options_.workers}, 0);
    for (std::int64_t i = 0; i < count; ++i) {
      go_on_unless_stopped(listing_, options_);
      const DecodedFile file = decoded.next();
      const std::int32_t label = listing_.files[static_cast<std::size_t>(i)].label;
      if (!file.failure.empty()) {
        unreadable_.push_back(file.failure);
        require_few_unreadable(listing_, unreadable_, options_);
      } else {
        hash.add(fmt::format("{} {}\n", label, file.digest));
        writer_.add(file.image, label);
      }
      tell(i + 1, count);
    }
    writer_.finish({key, hash.digest(), options_.channels, unreadable_});
  }

 private:
  DecodedFile decode(const FolderListing::File& file) {
    const std::string path = listing_.folder + "/" + file.path;
    const int short_side = kept_short_side(options_.resolution);
    DecodedFile result;
    std::string gone;  // what may pass: this folder's images are not those without this one
    const auto read = [&](std::size_t most) {
      try {
        return file.readable ? read_patiently(path, most) : read_file(path, most);
      } catch (const Error& error) {
        if (file.readable) gone = error.what();
        throw;
      }
    };
    try {
      const auto size = static_cast<std::uint64_t>(file.size);
      if (size > kMostBytes)
        throw bad_input(path, fmt::format("has {} bytes, more than {}", size, kMostBytes));
      const DecodeOptions decoding = {options_.channels, short_side};
      std::string bytes = read(kBeginning);
      const ImageHeader header = header_of(bytes, path, size, read);
      const MemoryBudget::Share share(budget_, size + decoding_memory(header, decoding));
      if (bytes.size() == kBeginning) bytes = read(kWholeFile);
      result.image = shrunk(decode_image(bytes, path, decoding), short_side);
      result.digest = sha256(bytes);
    } catch (const Error& error) {
      if (!gone.empty()) {
        throw Error(ExitStatus::kBadInput,
                    gone + ", though it could be when the folder was listed: try again");
      }
      result.failure = std::string(error.what()).substr(listing_.folder.size() + 1);
    }
    return result;
  }

  /// As the beginning says; where much else comes first, as a camera's preview, the whole file.
  template <class Read>
  ImageHeader header_of(const std::string& beginning, const std::string& path, std::uint64_t size,
                        const Read& read) {
    try {
      return read_image_header(beginning, path);
    } catch (const Error&) {
      if (beginning.size() < kBeginning) throw;
    }
    const MemoryBudget::Share share(budget_, size);
    return read_image_header(read(kWholeFile), path);
  }

  void tell(std::int64_t done, std::int64_t count) const {
    constexpr std::int64_t kSeldom = 64;
    if (options_.observer == nullptr || (done % kSeldom != 0 && done != count)) return;
    options_.observer->decoded(listing_.folder, done, count);
  }

  const FolderListing& listing_;
  const ReadOptions& options_;
  MemoryBudget budget_;
  PackWriter writer_;
  std::vector<std::string> unreadable_;
};

/// Of a long name the beginning: what is made of it must be a file's name, too.
std::string name_of(const fs::path& folder) {
  constexpr std::size_t kMostNameBytes = 80;
  std::string name = folder.filename().string();
  if (name.size() <= kMostNameBytes) return name;
  std::size_t end = kMostNameBytes;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;  // not within a character of UTF-8
  return name.substr(0, end);
}

/// "photos-train-0123456789abcdef.images"
std::string pack_path(const FolderListing& listing, const ReadOptions& options,
                      const std::string& key) {
  const fs::path folder = fs::absolute(listing.folder).lexically_normal();
  return fmt::format("{}/{}-{}-{:.16}.images", options.cache, name_of(folder.parent_path()),
                     name_of(folder), key);
}

/// Makes a pack. Why it cannot be made is kept in a file, for processes that wait for it.
void make_pack(const FolderListing& listing, const ReadOptions& options, const std::string& path,
               const std::string& key, const std::string& failure) {
  remove_unfinished(path);
  std::error_code absent;
  fs::remove(failure, absent);
  try {
    PackMaker(listing, options, path).make(key);
  } catch (const Error& error) {
    if (error.status() == ExitStatus::kBadInput) write_file(failure, error.what());
    throw;
  }
}

std::shared_ptr<const ImagePack> cached_pack(const FolderListing& listing,
                                             const ReadOptions& options) {
  const std::string key = pack_key(listing, options);
  const std::string path = pack_path(listing, options, key);
  const auto open = [&] { return ImagePack::open(path, key, listing.classes.size()); };
  if (auto pack = open()) return pack;
  make_directories(options.cache);
  // Several processes that begin together decode once, and fail once.
  bool waited = false;
  const FileLock lock(path + ".lock", [&] {
    waited = true;
    go_on_unless_stopped(listing, options);
  });
  if (auto pack = open()) return pack;
  const std::string failure = fmt::format("{}-{:g}.failure", path, options.most_unreadable);
  if (waited && file_exists(failure)) throw Error(ExitStatus::kBadInput, read_file(failure));
  make_pack(listing, options, path, key, failure);
  auto pack = open();
  if (!pack) throw failed(fmt::format("{}: changed while it was written", path));
  return pack;
}

void require_images_of_each_class(const FolderListing& listing, const ImageSet& images) {
  std::vector<bool> seen(listing.classes.size());
  for (const std::int32_t label : images.labels) seen[static_cast<std::size_t>(label)] = true;
  const auto missing = std::find(seen.begin(), seen.end(), false);
  if (missing == seen.end()) return;
  const auto label = static_cast<std::size_t>(missing - seen.begin());
  throw bad_input(listing.folder + "/" + listing.classes[label], "has no image that can be read");
}

ImageSet read_part(const FolderListing& listing, const ReadOptions& options) {
  ImageSet images;
  try {
    images.packed = cached_pack(listing, options);
  } catch (const Error& error) {
    if (error.status() != ExitStatus::kFailed) throw;
    throw failed(
        fmt::format("{} (decoded images are kept there; --cache DIR: elsewhere)", error.what()));
  }
  images.channels = options.channels;
  images.height = images.width = options.resolution;
  images.classes = static_cast<int>(listing.classes.size());
  images.class_names = listing.classes;
  for (std::size_t i = 0; i < images.packed->size(); ++i) {
    images.labels.push_back(images.packed->label(i));
  }
  std::vector<std::string> reasons = images.packed->description().unreadable;
  require_few_unreadable(listing, reasons, options);  // the cache may come from a laxer run
  if (!reasons.empty() && options.observer != nullptr) {
    for (std::string& reason : reasons) reason.insert(0, listing.folder + "/");
    options.observer->left_out(listing.folder, reasons,
                               static_cast<std::int64_t>(listing.files.size()));
  }
  require_images_of_each_class(listing, images);
  return images;
}

void require_same_classes(const FolderListing& train, const FolderListing& part) {
  const auto lacks = [](const FolderListing& one, const FolderListing& other) {
    for (const std::string& name : other.classes) {
      if (std::binary_search(one.classes.begin(), one.classes.end(), name)) continue;
      throw bad_input(one.folder, fmt::format("lacks the class '{}' of {}", name, other.folder));
    }
  };
  lacks(part, train);
  lacks(train, part);
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

ImageSets read_image_folder(const std::string& directory, const ReadOptions& options) {
  assert(!options.cache.empty() && options.resolution > 0);
  if (options.channels != 1 && options.channels != 3) {
    throw bad_input(directory, fmt::format("has images of 3 channels, or of 1 as grey, but {} were "
                                           "asked for",
                                           options.channels));
  }
  const FolderListing train = list_image_folder(directory + "/train");
  if (options.classes > 0 && train.classes.size() != static_cast<std::size_t>(options.classes)) {
    throw bad_input(directory, fmt::format("has {} classes, the network is for {}",
                                           train.classes.size(), options.classes));
  }
  const auto listing_of = [&](const char* part) {
    const std::string folder = directory + "/" + part;
    if (!is_folder(folder)) return FolderListing{};
    FolderListing listing = list_image_folder(folder);
    require_same_classes(train, listing);
    return listing;
  };
  const FolderListing val = listing_of("val");
  const FolderListing test = listing_of("test");

  // Only when all that can be seen without decoding is right.
  const bool own_val = !test.files.empty();
  ImageSets sets;
  sets.train = read_part(train, options);
  if (own_val && !val.files.empty()) sets.val = read_part(val, options);
  const FolderListing& last = own_val ? test : val;
  if (!last.files.empty()) sets.test = read_part(last, options);
  return sets;
}

}  // namespace enas4d
