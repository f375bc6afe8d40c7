#include "data/augmentation.h"

#include <algorithm>
#include <cmath>

namespace enas4d {
namespace {

/// The largest box of the crop's aspect in the middle of the image, made smaller by `share`.
Box middle_box(Extent image, Extent crop, double share) {
  const double scale = share * std::min(static_cast<double>(image.height) / crop.height,
                                        static_cast<double>(image.width) / crop.width);
  Box box;
  box.height = scale * crop.height;
  box.width = scale * crop.width;
  box.top = (image.height - box.height) / 2;
  box.left = (image.width - box.width) / 2;
  return box;
}

Box moved_box(Box box, Extent crop, int pad, Rng& rng) {
  const auto offset = [&] {
    return static_cast<int>(rng.below(static_cast<std::uint32_t>(2 * pad + 1))) - pad;
  };
  box.top += offset() * box.height / crop.height;
  box.left += offset() * box.width / crop.width;
  return box;
}

/// As torchvision's RandomResizedCrop: some tries, else the middle.
Box random_part(Extent image, Extent crop, double least_area, Rng& rng) {
  constexpr int kTries = 10;
  const double widest = std::log(4.0 / 3.0);
  for (int i = 0; i < kTries; ++i) {
    const double share = least_area + (1 - least_area) * rng.uniform();
    const double aspect = std::exp(widest * (2 * rng.uniform() - 1));
    const double area = share * image.height * image.width;
    Box box;
    box.height = std::round(std::sqrt(area / aspect));
    box.width = std::round(std::sqrt(area * aspect));
    if (box.height < 1 || box.width < 1 || box.height > image.height || box.width > image.width) {
      continue;
    }
    const auto place = [&](double room) {
      return static_cast<double>(rng.below(static_cast<std::uint32_t>(room) + 1));
    };
    box.top = place(image.height - box.height);
    box.left = place(image.width - box.width);
    return box;
  }
  return middle_box(image, crop, 1);
}

Colours random_colours(double jitter, Rng& rng) {
  const auto factor = [&] { return 1 + jitter * (2 * rng.uniform() - 1); };
  Colours colours;
  colours.brightness = factor();
  colours.contrast = factor();
  colours.saturation = factor();
  return colours;
}

}  // namespace

Crop centre_crop(Extent image, Extent crop) {
  const double enlarged = std::max(static_cast<double>(crop.height) / image.height,
                                   static_cast<double>(crop.width) / image.width);
  Crop result;
  result.box = middle_box(image, crop, std::min(1.0, std::max(kCentreCropShare, enlarged)));
  return result;
}

Crop random_crop(Extent image, Extent crop, const Augmentation& augmentation, Rng& rng) {
  Crop result = centre_crop(image, crop);
  result.box = augmentation.crop_area > 0 ? random_part(image, crop, augmentation.crop_area, rng)
                                          : moved_box(result.box, crop, augmentation.pad, rng);
  result.mirrored = augmentation.flip && rng.chance(0.5);
  if (augmentation.jitter > 0) result.colours = random_colours(augmentation.jitter, rng);
  return result;
}

}  // namespace enas4d
