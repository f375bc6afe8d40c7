// What is done to whole batches of augmented images: cutout, Mixup and CutMix.
#pragma once

#include <cstdint>

namespace enas4d {

/// Range of Mixup's and CutMix's strength, where it is not 0.
constexpr double kLeastMixing = 0.05;
constexpr double kMostMixing = 2;

struct Mixing {
  int cutout = 0;     ///< side in pixels of a grey square in each image (DeVries and Taylor 2017)
  double mixup = 0;   ///< alpha of Beta(alpha, alpha), the share of an image that is another (Zhang
                      ///< et al. 2018)
  double cutmix = 0;  ///< the same of a rectangle's area (Yun et al. 2019); with both, each image
                      ///< takes one or the other, evenly
};

inline bool mixes_labels(const Mixing& mixing) {
  return mixing.mixup > 0 || mixing.cutmix > 0;
}

}  // namespace enas4d
