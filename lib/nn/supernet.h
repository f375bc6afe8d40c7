// The once-for-all network: all shared weights, and a forward pass that takes the architecture as
// an argument.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "arch/plan.h"
#include "nn/exits.h"
#include "nn/precision.h"
#include "nn/shared_weights.h"

namespace enas4d {

/// Zeroes channels of the pooled features before each classifier. The mask of an image depends on
/// (seed, step, its index in the global batch) only: the same on any number of ranks.
struct Dropout {
  double rate = 0;
  std::uint64_t seed = 0;
  std::int64_t step = 0;
  std::int64_t first_image = 0;  ///< index of this batch's first image in the global batch
};

/// What a training forward pass depends on besides images and plan.
struct ForwardOptions {
  int norm_batch = 0;  ///< images whose statistics normalise together; 0 = the whole batch
  Dropout dropout;
  Precision precision = Precision::kFloat32;
};

class SupernetImpl : public torch::nn::Module {
 public:
  /// Allocates every weight of `space` and initialises it from `seed` (He, by actual fan-in of the
  /// largest spec; norm 1, 0; kernel matrices identity; classifiers small).
  SupernetImpl(Space space, std::uint64_t seed);

  /// Logits of every exit from one pass, normalised with batch statistics. `images`: N x C x R x R,
  /// channels-last.
  Exits forward(const torch::Tensor& images, const Plan& plan, const ForwardOptions& options = {});

  const Space& space() const { return space_; }

  /// The weights that `layer` uses, as views where a view can say it.
  LayerWeights layer_weights(const Layer& layer) const;

 private:
  Space space_;
};
TORCH_MODULE(Supernet);

}  // namespace enas4d
