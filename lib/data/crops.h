// Carries out crops: from an image's bytes to normalised floats in channels-last order.
#pragma once

#include "data/augmentation.h"
#include "data/pixels.h"
#include "formats/image.h"

namespace enas4d {

/// Writes height x width x channels floats: `crop` of the image, resized (antialiased bilinear) to
/// `extent`, its colours changed, mirrored, normalised.
void write_crop(const ImageView& image, const Crop& crop, Extent extent, const PixelTable& table,
                float* out);

}  // namespace enas4d
