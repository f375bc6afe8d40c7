#include "cli/shipped.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {
namespace {

namespace fs = std::filesystem;

/// The first that has the folder holds: a build tree reads its sources, an installed program what
/// was installed with it.
constexpr const char* kSchemaFolders[] = {ENAS4D_SOURCE_SCHEMAS, ENAS4D_INSTALL_SCHEMAS};

bool is_path(const std::string& word) {
  return word == "-" || word.find('/') != std::string::npos ||
         fs::path(word).extension() == ".json";
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path shelf_folder(const Shelf& shelf) {
  for (const char* schemas : kSchemaFolders) {
    const fs::path folder = fs::path(schemas) / shelf.folder;
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

std::string resolve_shipped(const Shelf& shelf, const std::string& word) {
  if (is_path(word)) return word;
  const fs::path folder = shelf_folder(shelf);
  const std::vector<std::string> names = names_in(folder);
  if (std::find(names.begin(), names.end(), word) != names.end()) {
    return (folder / (word + ".json")).string();
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
