// Weights as inference wants them: every batch norm folded into the convolution before it.
#pragma once

#include <torch/types.h>

#include "arch/plan.h"
#include "nn/named_tensors.h"

namespace enas4d {

/// One layer as a convolution with bias, which its activation follows.
struct FoldedLayer {
  torch::Tensor weight;  ///< out x in (depthwise: 1) x kernel x kernel
  torch::Tensor bias;    ///< out
};

/// `weights` of a subnet, which must have its statistics.
FoldedLayer fold(const Layer& layer, const NamedTensors& weights);

}  // namespace enas4d
