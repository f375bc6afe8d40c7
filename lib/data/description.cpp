#include "data/description.h"

namespace enas4d {
namespace {

constexpr std::int64_t kMostImages = std::int64_t{1} << 31;

std::vector<double> read_per_channel(const JsonValue& value, int channels, double least,
                                     double most) {
  std::vector<double> numbers;
  for (const JsonValue& item : value.items()) numbers.push_back(item.number(least, most));
  if (numbers.size() != static_cast<std::size_t>(channels)) {
    throw value.error("must have one number for each channel");
  }
  return numbers;
}

std::vector<std::string> read_class_names(const JsonValue& value, int classes) {
  std::vector<std::string> names;
  for (const JsonValue& item : value.items()) names.push_back(item.text());
  if (!names.empty() && names.size() != static_cast<std::size_t>(classes)) {
    throw value.error("must have one name for each class, or none");
  }
  return names;
}

}  // namespace

DataDescription read_data_description(const JsonValue& value) {
  JsonObject object = value.object();
  DataDescription description;
  description.name = object.required("name").text();
  description.hash = object.required("hash").text();
  description.channels = object.required("channels").small_whole(1, 1024);
  description.classes = object.required("classes").small_whole(1, 1'000'000);
  description.class_names = read_class_names(object.required("class_names"), description.classes);
  if (const auto resolution = object.optional("resolution")) {
    description.resolution = resolution->small_whole(1, 65536);
  }
  description.split_seed =
      static_cast<std::uint64_t>(object.required("split_seed").whole(0, INT64_MAX));
  description.train_images = object.required("train_images").whole(1, kMostImages);
  description.val_images = object.required("val_images").whole(1, kMostImages);
  description.test_images = object.required("test_images").whole(0, kMostImages);
  description.mean = read_per_channel(object.required("mean"), description.channels, 0.0, 1.0);
  // Pixels are divided by it.
  description.deviation =
      read_per_channel(object.required("deviation"), description.channels, 1e-9, 1.0);
  object.finish();
  return description;
}

Json to_json(const DataDescription& description) {
  Json json;
  json["name"] = description.name;
  json["hash"] = description.hash;
  json["channels"] = description.channels;
  json["classes"] = description.classes;
  json["class_names"] = description.class_names;
  if (description.resolution > 0) json["resolution"] = description.resolution;
  json["split_seed"] = description.split_seed;
  json["train_images"] = description.train_images;
  json["val_images"] = description.val_images;
  json["test_images"] = description.test_images;
  json["mean"] = description.mean;
  json["deviation"] = description.deviation;
  return json;
}

}  // namespace enas4d
