// From what the user writes after --data to images.
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "formats/image_pack.h"
#include "formats/image_set.h"
#include "util/error.h"
#include "util/hash.h"
#include "util/json.h"

namespace enas4d {
namespace {

/// Where Debian's package dataset-fashion-mnist puts its files.
constexpr const char* kFashionMnistFolder = "/usr/share/datasets/fashion-mnist";

struct SyntheticField {
  const char* name;
  std::int64_t least, most;
  void (*set)(SyntheticOptions&, std::int64_t);
};

constexpr std::int64_t kMostSyntheticImages = 1'000'000;

const SyntheticField kSyntheticFields[] = {
    {"train", 1, kMostSyntheticImages,
     [](SyntheticOptions& o, std::int64_t value) { o.train = static_cast<int>(value); }},
    {"test", 1, kMostSyntheticImages,
     [](SyntheticOptions& o, std::int64_t value) { o.test = static_cast<int>(value); }},
    {"classes", 2, 1000,
     [](SyntheticOptions& o, std::int64_t value) { o.classes = static_cast<int>(value); }},
    {"channels", 1, 16,
     [](SyntheticOptions& o, std::int64_t value) { o.channels = static_cast<int>(value); }},
    {"size", 4, 512,
     [](SyntheticOptions& o, std::int64_t value) { o.size = static_cast<int>(value); }},
    {"seed", 0, std::numeric_limits<std::int64_t>::max(),
     [](SyntheticOptions& o, std::int64_t value) { o.seed = static_cast<std::uint64_t>(value); }},
};

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(word, known);
  return nearest ? fmt::format(", did you mean '{}'?", *nearest) : "";
}

const SyntheticField& synthetic_field(const std::string& name) {
  std::vector<std::string> names;
  for (const SyntheticField& field : kSyntheticFields) {
    if (name == field.name) return field;
    names.emplace_back(field.name);
  }
  throw usage_error(fmt::format("--data: synthetic has no setting '{}' ({}){}", name,
                                fmt::join(names, ", "), suggestion(name, names)));
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "train=500,size=16".
SyntheticOptions parse_synthetic(std::string_view text) {
  SyntheticOptions options;
  while (!text.empty()) {
    const std::string_view setting = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), setting.size() + 1));
    const std::size_t equals = setting.find('=');
    const SyntheticField field = synthetic_field(std::string(setting.substr(0, equals)));
    const std::string_view digits =
        equals == std::string_view::npos ? "" : setting.substr(equals + 1);
    const auto value = whole_number(digits);
    if (!value || *value < field.least || *value > field.most) {
      throw usage_error(
          fmt::format("--data: synthetic: {} must be a whole number from {} to {}, got '{}'",
                      field.name, field.least, field.most, digits));
    }
    field.set(options, *value);
  }
  return options;
}

}  // namespace

ImageView ImageSet::image(std::size_t index) const {
  if (packed) return packed->image(index);
  return planar_view(pixels.data() + index * image_bytes(), channels, height, width);
}

std::string image_set_hash(const ImageSet& images) {
  if (images.packed) return images.packed->hash();
  Sha256 hash;
  hash.add(fmt::format("{} {} {} {} {}\n", images.size(), images.channels, images.height,
                       images.width, images.classes));
  hash.add(images.pixels.data(), images.pixels.size());
  hash.add(images.labels.data(), images.labels.size() * sizeof(std::int32_t));
  return hash.digest();
}

namespace {

ImageSets read_installed_fashion_mnist() {
  std::error_code error;
  if (!std::filesystem::is_directory(kFashionMnistFolder, error)) {
    throw bad_input(kFashionMnistFolder,
                    "no such directory: Debian's package dataset-fashion-mnist brings it, "
                    "fashion-mnist:DIR is another one");
  }
  return read_fashion_mnist(kFashionMnistFolder);
}

}  // namespace

ImageSets read_image_sets(const std::string& data, const ReadOptions& options) {
  const std::size_t colon = data.find(':');
  const std::string word = data.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : data.substr(colon + 1);
  const auto directory = [&] {
    if (rest.empty()) throw usage_error(fmt::format("--data: {0} needs a folder: {0}:DIR", word));
    return rest;
  };
  if (word == "fashion-mnist" && rest.empty()) return read_installed_fashion_mnist();
  if (word == "fashion-mnist") return read_fashion_mnist(rest);
  if (word == "cifar10") return read_cifar10(directory());
  if (word == "cifar100") return read_cifar100(directory());
  if (word == "folder") return read_image_folder(directory(), options);
  if (word == "synthetic") return make_synthetic(parse_synthetic(rest));
  throw usage_error(fmt::format(
      "--data: must be fashion-mnist[:DIR], cifar10:DIR, cifar100:DIR, "
      "folder:DIR or synthetic[:...], got '{}'{}",
      word, suggestion(word, {"fashion-mnist", "cifar10", "cifar100", "folder", "synthetic"})));
}

}  // namespace enas4d
