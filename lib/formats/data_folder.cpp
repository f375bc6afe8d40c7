#include "formats/data_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "util/error.h"
#include "util/json_text.h"

namespace enas4d {

std::string data_folder(const std::string& directory, const std::string& usual_subfolder) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    throw bad_input(directory, "no such directory");
  }
  const std::string subfolder = directory + "/" + usual_subfolder;
  return std::filesystem::is_directory(subfolder, error) ? subfolder : directory;
}

void require_labels(const ImageSet& images, const std::string& path) {
  for (std::size_t i = 0; i < images.labels.size(); ++i) {
    const std::int32_t label = images.labels[i];
    if (0 <= label && label < images.classes) continue;
    throw bad_input(path, fmt::format("label of image {}: must be from 0 to {}, got {}", i,
                                      images.classes - 1, label));
  }
}

void require_class_name(const std::string& name, const std::string& path) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (!is_utf8(name)) throw bad_input(path, "a class name must be UTF-8");
  if (std::any_of(name.begin(), name.end(), is_control)) {
    throw bad_input(path, "a class name must have no tab, line break or other control character");
  }
}

}  // namespace enas4d
