// What the kernels' tests share: random arrays and how far two arrays are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "util/rng.h"

namespace enas4d {

inline std::vector<float> random_floats(Rng& rng, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

/// The largest difference over the largest value.
inline double distance(const std::vector<double>& expected, const std::vector<float>& actual) {
  double difference = 0, scale = 1e-12;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference = std::max(difference, std::abs(expected[i] - static_cast<double>(actual[i])));
    scale = std::max(scale, std::abs(expected[i]));
  }
  return difference / scale;
}

}  // namespace enas4d
