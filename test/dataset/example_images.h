// Small hand-made image sets.
#pragma once

#include <cstdint>

#include "formats/image_set.h"
#include "util/rng.h"

namespace enas4d {

struct ExampleShape {
  int channels = 3, height = 6, width = 6, classes = 4;
};

/// Random bytes; image i has label i modulo the number of classes.
inline ImageSet example_images(int count, std::uint64_t seed, const ExampleShape& shape = {}) {
  ImageSet set;
  set.channels = shape.channels;
  set.height = shape.height;
  set.width = shape.width;
  set.classes = shape.classes;
  for (int i = 0; i < count; ++i) set.labels.push_back(i % shape.classes);
  Rng rng(seed);
  set.pixels.resize(set.size() * set.image_bytes());
  for (std::uint8_t& pixel : set.pixels) pixel = static_cast<std::uint8_t>(rng.below(256));
  return set;
}

/// Train and test; val is to be held out.
inline ImageSets example_sets(int train, int test, const ExampleShape& shape = {}) {
  ImageSet empty;
  return {example_images(train, 1, shape), empty, example_images(test, 2, shape)};
}

}  // namespace enas4d
