// A random small network with images that fit it: what the properties of lib/nn are checked on.
#pragma once

#include <cstdint>

#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/sample.h"
#include "nn/subnet.h"
#include "nn/supernet.h"
#include "support/random_space.h"
#include "support/tensors.h"
#include "util/rng.h"

namespace enas4d {

/// Every parameter drawn again, so that norms, biases and kernel matrices matter, too.
inline void randomise(const Supernet& supernet, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  std::uint64_t index = 0;
  for (auto& parameter : supernet->parameters()) {
    Rng rng(seed, {index++});
    float* data = parameter.data_ptr<float>();
    for (std::int64_t i = 0; i < parameter.numel(); ++i) {
      data[i] += static_cast<float>(0.2 * rng.normal());
    }
  }
}

struct RandomNetwork {
  explicit RandomNetwork(std::uint64_t seed, int stages = 0)
      : rng(seed, {0}),
        space(stages == 0 ? random_space(rng) : random_space(rng, stages)),
        supernet(space, seed),
        spec(uniform(space, rng)),
        plan(lower(space, spec)) {
    randomise(supernet, seed);
  }

  torch::Tensor images(std::int64_t count, std::uint64_t stream = 1) {
    return random_images(count, space.channels, plan.resolution, stream);
  }

  /// Extracted, with the statistics of `batch`.
  Subnet calibrated(const torch::Tensor& batch) const {
    Subnet subnet = extract(supernet, plan);
    bool given = false;
    subnet.calibrate([&] { return std::exchange(given, true) ? torch::Tensor() : batch; });
    return subnet;
  }

  Rng rng;
  Space space;
  Supernet supernet;
  Spec spec;
  Plan plan;
};

}  // namespace enas4d
