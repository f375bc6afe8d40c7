// How fast image folders are read.
#pragma once

#include <string>

namespace enas4d {

struct DecodeFigures {
  double first_epoch =
      0;  ///< images a second of one core: read, decoded, kept, cropped to 128 pixels
  double later_epochs = 0;  ///< cropped from the cache
};

/// Of the training images of `folder`; empty = of 500 made-up JPEG files of 256 x 256 pixels.
DecodeFigures measure_decoding(const std::string& folder);

}  // namespace enas4d
