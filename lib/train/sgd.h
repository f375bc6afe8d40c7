// SGD with Nesterov momentum, gradient clipping by global norm, decay on weights only, and averaged
// weights. Ours, because LibTorch's optimiser state restores neither learning rate nor momentum,
// and an update is one pass over memory here.
#pragma once

#include <cstdint>

#include "nn/subnet.h"
#include "nn/supernet.h"
#include "train/recipe.h"

namespace enas4d {

class Sgd {
 public:
  /// `momentum` and `average` (empty = no averaging) are named as the parameters and updated in
  /// place.
  Sgd(Supernet supernet, const Recipe& recipe, NamedTensors momentum, NamedTensors average);

  /// Drops all gradients.
  void clear();
  /// The global norm of the gradients: a number that is not finite means divergence. Undefined
  /// gradients count as zero.
  double gradient_norm() const;
  /// One update with gradients scaled to `clip_norm` where `norm` is above it. Parameters without a
  /// gradient keep value and momentum. `step` counts from 0: early averages forget faster.
  void update(double learning_rate, double norm, std::int64_t step);

 private:
  Supernet supernet_;
  const Recipe recipe_;
  NamedTensors momentum_, average_;
};

/// One zero tensor a parameter.
NamedTensors zeros_like_weights(const Supernet& supernet);

}  // namespace enas4d
