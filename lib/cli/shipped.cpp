#include "cli/shipped.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {
namespace {

namespace fs = std::filesystem;

/// The first that has the folder holds: an installed program reads what was installed with it,
/// wherever that has been moved, a build tree its sources. Somebody else's program on the library
/// needs the others: where CMake installs, and where the Debian package does.
std::vector<fs::path> schema_folders() {
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  return {program.parent_path().parent_path() / "share/enas4d/schemas", ENAS4D_SOURCE_SCHEMAS,
          ENAS4D_INSTALL_SCHEMAS, "/usr/share/enas4d/schemas"};
}

bool is_path(const std::string& word) {
  return word == "-" || word.find('/') != std::string::npos ||
         fs::path(word).extension() == ".json";
}

fs::path shelf_folder(const Shelf& shelf) {
  for (const fs::path& schemas : schema_folders()) {
    const fs::path folder = schemas / shelf.folder;
    std::error_code absent;
    if (fs::is_directory(folder, absent)) return folder;
  }
  throw bad_input(fmt::format("{}/{}", ENAS4D_INSTALL_SCHEMAS, shelf.folder),
                  "the shipped documents are not installed there");
}

}  // namespace

JsonValue read_document(const std::string& path, std::istream& in) {
  if (path != "-") return JsonValue::read_file(path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return JsonValue::parse(text, "standard input");
}

std::vector<std::string> shipped_names(const Shelf& shelf) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(shelf_folder(shelf))) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string resolve_shipped(const Shelf& shelf, const std::string& word) {
  if (is_path(word)) return word;
  const std::vector<std::string> names = shipped_names(shelf);
  if (std::find(names.begin(), names.end(), word) != names.end()) {
    return (shelf_folder(shelf) / (word + ".json")).string();
  }
  const auto nearest = nearest_name(word, names);
  throw usage_error(fmt::format("{}: must be {} or a path, got '{}'{}", shelf.option,
                                fmt::join(names, ", "), word,
                                nearest ? fmt::format(", did you mean '{}'?", *nearest) : ""));
}

JsonValue read_shipped(const Shelf& shelf, const std::string& word, std::istream& in) {
  return read_document(resolve_shipped(shelf, word), in);
}

}  // namespace enas4d
