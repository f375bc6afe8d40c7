// What the kernels' tests share: random arrays, activations, and how far two arrays are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "arch/activation.h"
#include "util/rng.h"

namespace enas4d {

inline std::vector<float> random_floats(Rng& rng, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

/// For outputs: what a kernel forgets to write, a test sees.
inline std::vector<float> unwritten(std::size_t count) {
  return std::vector<float>(count, std::numeric_limits<float>::quiet_NaN());
}

constexpr Activation kActivations[] = {Activation::kLinear, Activation::kRelu,
                                       Activation::kHardSwish, Activation::kHardSigmoid};

inline double activated(Activation activation, double z) {
  const double gate = std::min(1.0, std::max(0.0, z / 6 + 0.5));
  switch (activation) {
    case Activation::kLinear:
      return z;
    case Activation::kRelu:
      return std::max(z, 0.0);
    case Activation::kHardSwish:
      return z * gate;
    case Activation::kHardSigmoid:
      return gate;
  }
  return 0;
}

/// The largest difference over the largest value; infinite where a value is no number.
inline double distance(const std::vector<double>& expected, const std::vector<float>& actual) {
  double difference = 0, scale = 1e-12;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double here = std::abs(expected[i] - static_cast<double>(actual[i]));
    difference = std::isnan(here) ? INFINITY : std::max(difference, here);
    scale = std::max(scale, std::abs(expected[i]));
  }
  return difference / scale;
}

}  // namespace enas4d
