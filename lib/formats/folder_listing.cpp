#include "formats/folder_listing.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "formats/data_folder.h"
#include "util/error.h"

namespace enas4d {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 6> kImageEndings = {".jpg", ".jpeg", ".png",
                                                           ".ppm", ".pgm",  ".pnm"};

bool is_named_as_image(const std::string& name) {
  std::string ending = fs::path(name).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kImageEndings.begin(), kImageEndings.end(), ending) != kImageEndings.end();
}

/// Names in a folder, sorted, without hidden ones.
std::vector<std::string> names_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.front() != '.') names.push_back(std::move(name));
  }
  if (error) throw bad_input(folder, fmt::format("cannot be read: {}", error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Goes through a part's folders and collects its images.
class FolderWalk {
 public:
  explicit FolderWalk(std::string folder) { listing_.folder = std::move(folder); }

  FolderListing run() {
    for (const std::string& name : names_in(listing_.folder)) {
      const std::string path = listing_.folder + "/" + name;
      struct stat status = {};
      if (!look_at(path, status) || !S_ISDIR(status.st_mode)) continue;
      require_class_name(name, path);
      const std::size_t before = listing_.files.size();
      listing_.classes.push_back(name);
      enter(name, status);
      if (listing_.files.size() == before) {
        throw bad_input(path, fmt::format("has no images ({})", fmt::join(kImageEndings, ", ")));
      }
    }
    if (listing_.classes.empty()) {
      throw bad_input(listing_.folder, "must have a folder for each class, has none");
    }
    return std::move(listing_);
  }

 private:
  /// False for a link to nowhere; throws for one to itself.
  static bool look_at(const std::string& path, struct stat& status) {
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT) return false;
    throw bad_input(path,
                    fmt::format("cannot be read: {}", std::generic_category().message(errno)));
  }

  void enter(const std::string& below, const struct stat& status) {
    for (const struct stat& around : around_) {
      if (!is_same_file(around, status)) continue;
      throw bad_input(listing_.folder + "/" + below, "is a link to a folder that it lies in");
    }
    around_.push_back(status);
    for (const std::string& name : names_in(listing_.folder + "/" + below)) {
      visit(below + "/" + name, is_named_as_image(name));
    }
    around_.pop_back();
  }

  void visit(const std::string& below, bool named_as_image) {
    struct stat status = {};
    const std::string path = listing_.folder + "/" + below;
    const bool found = look_at(path, status);
    if (found && S_ISDIR(status.st_mode)) return enter(below, status);
    // A link to nowhere that should be an image is told with all others that cannot be read.
    if (!named_as_image || (found && !S_ISREG(status.st_mode))) return;
    constexpr std::int64_t kNanoseconds = 1'000'000'000;
    listing_.files.push_back({below, static_cast<std::int32_t>(listing_.classes.size() - 1),
                              status.st_size,
                              status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec,
                              ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0});
  }

  FolderListing listing_;
  std::vector<struct stat> around_;  ///< the folders from the class's down to here
};

}  // namespace

FolderListing list_image_folder(const std::string& folder) {
  return FolderWalk(folder).run();
}

}  // namespace enas4d
