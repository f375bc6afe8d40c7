// Which way up a camera held a picture.
#pragma once

#include <string_view>

#include "formats/image.h"

namespace enas4d {

/// EXIF's tag 0x0112 of a JPEG file's bytes: 1 (upright) to 8. 1 where there is none or it makes no
/// sense: a picture is not refused for it.
int exif_orientation(std::string_view jpeg);

/// Turns and mirrors so that orientation 1 results.
Image upright(Image image, int orientation);

}  // namespace enas4d
