#include "data/dataset.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "data/crops.h"
#include "data/pixels.h"
#include "data/split.h"
#include "util/error.h"
#include "util/hash.h"

namespace enas4d {
namespace {

std::vector<std::int32_t> all_positions(const ImageSet& images) {
  std::vector<std::int32_t> positions(images.size());
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

std::vector<std::int32_t> labels_at(const ImageSet& images,
                                    const std::vector<std::int32_t>& positions) {
  std::vector<std::int32_t> labels;
  labels.reserve(positions.size());
  for (const std::int32_t position : positions) {
    labels.push_back(images.labels[static_cast<std::size_t>(position)]);
  }
  return labels;
}

std::string data_hash(const ImageSets& sets) {
  return sha256(image_set_hash(sets.train) + image_set_hash(sets.val) + image_set_hash(sets.test));
}

/// All that does not depend on how the images are split, but for the statistics over `train`.
DataDescription describe_images(const ImageSets& sets, const std::vector<std::int32_t>& train) {
  PixelStatistics statistics = pixel_statistics(sets.train, train);
  DataDescription description;
  description.hash = data_hash(sets);
  description.channels = sets.train.channels;
  description.classes = sets.train.classes;
  description.class_names = sets.train.class_names;
  description.resolution = sets.train.packed ? sets.train.height : 0;
  description.mean = std::move(statistics.mean);
  description.deviation = std::move(statistics.deviation);
  return description;
}

/// `part` is empty or has the shape and classes of `train`.
void require_alike(const std::string& data, const ImageSet& train, const ImageSet& part,
                   const char* word) {
  if (part.size() == 0) return;
  const auto shape = [](const ImageSet& set) {
    return fmt::format("{} x {} x {} pixels and {} classes", set.channels, set.height, set.width,
                       set.classes);
  };
  if (shape(part) == shape(train)) return;
  throw bad_input(data, fmt::format("images must have one shape, train has {}, {} has {}",
                                    shape(train), word, shape(part)));
}

void require_usable(const std::string& data, const ImageSets& sets) {
  require_alike(data, sets.train, sets.val, "val");
  require_alike(data, sets.train, sets.test, "test");
  const std::size_t least = sets.val.size() > 0 ? 1 : 2;
  if (sets.train.size() < least) {
    throw bad_input(data, fmt::format("must have at least {} training images, got {}", least,
                                      sets.train.size()));
  }
}

void require_same_data(const std::string& data, const DataDescription& found,
                       const DataDescription& trained) {
  const auto require = [&](const char* what, const auto& mine, const auto& theirs) {
    if (mine == theirs) return;
    throw bad_input(data, fmt::format("is not the data this checkpoint was trained on ({} {:.12}, "
                                      "trained on {:.12})",
                                      what, mine, theirs));
  };
  require("channels", fmt::to_string(found.channels), fmt::to_string(trained.channels));
  require("classes", fmt::to_string(found.classes), fmt::to_string(trained.classes));
  require("hash", found.hash, trained.hash);
}

std::string data_word(const std::string& data) {
  return data.substr(0, data.find(':'));
}

}  // namespace

const char* to_word(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kVal:
      return "val";
    case Split::kTest:
      return "test";
  }
  return "";
}

Dataset Dataset::open(const std::string& data, std::uint64_t split_seed,
                      const ReadOptions& options) {
  Dataset dataset = from(read_image_sets(data, options), data, split_seed);
  dataset.description_.name = data_word(data);
  return dataset;
}

Dataset Dataset::open_as(const std::string& data, const DataDescription& trained,
                         ReadOptions options) {
  if (data_word(data) == "folder" && trained.resolution == 0) {
    throw bad_input(
        data, fmt::format("is not the data this checkpoint was trained on ({})", trained.name));
  }
  options.channels = trained.channels;
  options.classes = trained.classes;
  options.resolution = trained.resolution;
  Dataset dataset = open(data, trained.split_seed, options);
  require_same_data(data, dataset.description_, trained);
  dataset.description_.mean = trained.mean;
  dataset.description_.deviation = trained.deviation;
  return dataset;
}

Dataset Dataset::from(ImageSets images, const std::string& name, std::uint64_t split_seed) {
  require_usable(name, images);

  Dataset dataset;
  const bool own_val = images.val.size() > 0;
  if (own_val) {
    dataset.train_ = all_positions(images.train);
    dataset.val_ = all_positions(images.val);
  } else {
    const auto count = held_out_count(static_cast<std::int64_t>(images.train.size()));
    HeldOut parts = hold_out(images.train.labels, images.train.classes, count, split_seed);
    dataset.train_ = std::move(parts.train);
    dataset.val_ = std::move(parts.val);
  }
  dataset.test_ = all_positions(images.test);
  dataset.calibration_ = calibration_part(dataset.train_, split_seed);
  dataset.train_labels_ = labels_at(images.train, dataset.train_);
  dataset.val_labels_ = labels_at(own_val ? images.val : images.train, dataset.val_);
  dataset.test_labels_ = labels_at(images.test, dataset.test_);

  dataset.description_ = describe_images(images, dataset.train_);
  dataset.description_.name = name;
  dataset.description_.split_seed = split_seed;
  dataset.description_.train_images = dataset.size(Split::kTrain);
  dataset.description_.val_images = dataset.size(Split::kVal);
  dataset.description_.test_images = dataset.size(Split::kTest);
  dataset.sets_ = std::move(images);
  return dataset;
}

std::int64_t Dataset::size(Split split) const {
  return static_cast<std::int64_t>(indices(split).size());
}

const ImageSet& Dataset::images(Split split) const {
  if (split == Split::kTest) return sets_.test;
  const bool own_val = sets_.val.size() > 0;
  return split == Split::kVal && own_val ? sets_.val : sets_.train;
}

const std::vector<std::int32_t>& Dataset::indices(Split split) const {
  if (split == Split::kTest) return test_;
  return split == Split::kVal ? val_ : train_;
}

const std::vector<std::int32_t>& Dataset::labels(Split split) const {
  if (split == Split::kTest) return test_labels_;
  return split == Split::kVal ? val_labels_ : train_labels_;
}

std::string Dataset::calibration_hash() const {
  return sha256(fmt::format("{}:{}", description_.hash, fmt::join(calibration_, ",")));
}

torch::Tensor Dataset::batch(Split split, const std::int32_t* indices, std::int64_t count,
                             int resolution) const {
  const ImageSet& set = images(split);
  // Images of one size are resized together, by LibTorch.
  const Extent extent = set.packed ? Extent{resolution, resolution} : Extent{set.height, set.width};
  const PixelTable table(description_.mean, description_.deviation);
  const torch::Tensor result =
      at::empty({count, set.channels, extent.height, extent.width},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* out = result.data_ptr<float>();
  const std::ptrdiff_t size = result.numel() / std::max<std::int64_t>(1, count);
  for (std::int64_t i = 0; i < count; ++i, out += size) {
    const ImageView image = set.image(static_cast<std::size_t>(indices[i]));
    write_crop(image, centre_crop({image.height, image.width}, extent), extent, table, out);
  }
  return resize(result, resolution);
}

torch::Tensor prepare_image(const ImageView& image, const DataDescription& data, int resolution) {
  assert(image.channels == data.channels);
  const Extent extent{resolution, resolution};
  const int side = std::min(image.height, image.width);
  Crop crop;
  crop.box = {(image.height - side) / 2.0, (image.width - side) / 2.0, 1.0 * side, 1.0 * side};
  if (data.resolution > 0) crop = centre_crop({image.height, image.width}, extent);
  torch::Tensor result =
      at::empty({1, image.channels, resolution, resolution},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  write_crop(image, crop, extent, PixelTable(data.mean, data.deviation), result.data_ptr<float>());
  return result;
}

torch::Tensor resize(const torch::Tensor& images, int resolution) {
  if (images.size(2) == resolution && images.size(3) == resolution) return images;
  constexpr bool kAlignCorners = false;
  return at::_upsample_bilinear2d_aa(images, {resolution, resolution}, kAlignCorners)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace enas4d
