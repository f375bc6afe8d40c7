// Which part of an image a network sees, and how its colours are changed: chosen here, carried out
// by crops.h.
#pragma once

#include "formats/resample.h"
#include "util/rng.h"

namespace enas4d {

/// How training images are varied.
struct Augmentation {
  /// Pixels by which a crop is moved at random, at most, to each side. Beyond its edges the image
  /// goes on mirrored, not black: small networks come to lean on borders that no image has when it
  /// is evaluated. 0 = none. Not with crop_area.
  int pad = 4;
  bool flip = true;  ///< mirror left-right with probability 1/2
  /// Random-resized crop (Szegedy et al. 2015): a random part of at least this share of the image's
  /// area, of aspect 3/4 to 4/3, resized to the crop's size; 0 = none.
  double crop_area = 0;
  /// Brightness, contrast and saturation are each multiplied by a factor from 1 - jitter to 1 +
  /// jitter.
  double jitter = 0;
};

/// Factors; 1 = unchanged.
struct Colours {
  double brightness = 1, contrast = 1, saturation = 1;
};

struct Crop {
  Box box;
  bool mirrored = false;
  Colours colours;
};

/// Height and width in pixels.
struct Extent {
  int height = 0, width = 0;
};

/// The share of an image's shorter side that evaluation sees, ImageNet's custom.
constexpr double kCentreCropShare = 7.0 / 8;

/// What evaluation sees of an image of size `image`: its middle, more where a crop would have to be
/// enlarged, in the aspect of the crop.
Crop centre_crop(Extent image, Extent crop);

/// What training sees of it.
Crop random_crop(Extent image, Extent crop, const Augmentation& augmentation, Rng& rng);

}  // namespace enas4d
