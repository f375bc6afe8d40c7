// What checkpoints and exported networks tell of the data that they were made from. No LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/json.h"

namespace enas4d {

/// What a checkpoint records of its data; on load the data must agree with it.
struct DataDescription {
  std::string name;  ///< first word of --data: "cifar10"
  std::string hash;  ///< of all images and labels of train, val and test
  int channels = 0, classes = 0;
  std::vector<std::string> class_names;
  /// Side of the largest crops of images that have sizes of their own; 0 = all have one size.
  int resolution = 0;
  std::uint64_t split_seed = 0;
  std::int64_t train_images = 0, val_images = 0, test_images = 0;
  std::vector<double> mean, deviation;  ///< per channel, of pixel / 255 over `train`
};
DataDescription read_data_description(const JsonValue& value);
Json to_json(const DataDescription& description);

}  // namespace enas4d
