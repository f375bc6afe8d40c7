// Which part of the supernet's weights a planned layer uses: the one rule of weight sharing.
// Training and extraction both call it, so they cannot disagree.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <torch/types.h>

#include "arch/plan.h"

namespace enas4d {

/// A parameter of a layer: what follows layer_name() in its name, and its full shape.
struct ParameterShape {
  std::string suffix;  ///< "_weight", "_bias", "_norm_weight", "_norm_bias", "_kernel5", "_kernel3"
  std::vector<std::int64_t> shape;
};

/// Everything the supernet stores for `full`, a layer of full_plan(). Weights are out x in x k x k
/// (depthwise: in = 1).
std::vector<ParameterShape> supernet_parameters(const Layer& full);

/// What a subnet stores for `layer`: the same without kernel matrices, in the layer's own sizes,
/// and the norm's statistics.
std::vector<ParameterShape> subnet_parameters(const Layer& layer);

/// The layer's tensors, cut to its sizes. Undefined where the layer has none.
struct LayerWeights {
  torch::Tensor weight;                  ///< out x in x k x k
  torch::Tensor bias;                    ///< out
  torch::Tensor norm_weight, norm_bias;  ///< out
};

/// Finds a parameter of the supernet by its whole name.
using FindParameter = std::function<const torch::Tensor&(const std::string&)>;

/// Leading rows; the columns of each input group from where that group begins; the kernel by centre
/// crop through the learnt matrices, one step of two pixels at a time (OFA, section 3.1 of papers).
/// Differentiable: views where a view can say it.
LayerWeights shared_weights(const Layer& layer, const FindParameter& find);

}  // namespace enas4d
