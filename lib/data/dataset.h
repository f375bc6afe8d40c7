// Images with their splits, calibration set and preprocessing: everything of the data that a result
// depends on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "formats/data_description.h"
#include "formats/image_set.h"

namespace enas4d {

enum class Split { kTrain, kVal, kTest };
const char* to_word(Split split);  ///< "train", "val", "test"

/// Images in splits, and how they are made ready.
class Dataset {
 public:
  /// Reads the files. val = the set's own, or 5,000 images held out of train (10 % of a set under
  /// 50,000), stratified by class, by `split_seed`. Throws Error (bad input, usage) as
  /// read_image_sets.
  static Dataset open(const std::string& data, std::uint64_t split_seed,
                      const ReadOptions& options = {});

  /// The same, and it must be what a checkpoint was trained on: split seed, resolution, channels
  /// and preprocessing are taken from there. Throws Error (bad input) that names what differs.
  static Dataset open_as(const std::string& data, const DataDescription& trained,
                         ReadOptions options = {});

  /// From images in memory (tests).
  static Dataset from(ImageSets images, const std::string& name, std::uint64_t split_seed);

  const DataDescription& description() const { return description_; }

  std::int64_t size(Split split) const;
  const ImageSet& images(Split split) const;  ///< the files' part that holds this split
  const std::vector<std::int32_t>& indices(Split split) const;  ///< into images(split)
  const std::vector<std::int32_t>& labels(Split split) const;   ///< per image of the split

  /// The first 2,000 (or all) of a permutation of train by the split seed: indices into
  /// images(kTrain).
  const std::vector<std::int32_t>& calibration() const { return calibration_; }
  /// SHA-256 over data hash and calibration indices, part of every cache key.
  std::string calibration_hash() const;

  /// Images `indices` of `images(split)` after the evaluation transform: float32, N x C x R x R in
  /// channels-last memory, normalised, resized (antialiased bilinear) if `resolution` is not their
  /// own; of images with sizes of their own the middle 7/8.
  torch::Tensor batch(Split split, const std::int32_t* indices, std::int64_t count,
                      int resolution) const;

 private:
  ImageSets sets_;
  DataDescription description_;
  std::vector<std::int32_t> train_, val_, test_, calibration_;
  std::vector<std::int32_t> train_labels_, val_labels_, test_labels_;
};

/// One image of any size as a network takes it that was trained on `data`: 1 x C x R x R, float32,
/// normalised. Of images with sizes of their own the middle 7/8, as Dataset::batch; else the
/// largest middle square.
torch::Tensor prepare_image(const ImageView& image, const DataDescription& data, int resolution);

/// Resizes a float batch (N x C x H x W) to R x R, antialiased bilinear, channels-last. The same
/// tensor if it fits.
torch::Tensor resize(const torch::Tensor& images, int resolution);

}  // namespace enas4d
