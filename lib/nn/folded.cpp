#include "nn/folded.h"

#include <string>

#include <torch/torch.h>

#include "nn/norm_activation.h"

namespace enas4d {

FoldedLayer fold(const Layer& layer, const NamedTensors& weights) {
  const torch::NoGradGuard no_grad;
  const std::string name = layer_name(layer);
  const torch::Tensor& weight = weights.at(name + "_weight");
  if (!has_norm(layer.role)) return {weight, weights.at(name + "_bias")};
  const auto scale = weights.at(name + "_norm_weight") /
                     torch::sqrt(weights.at(name + "_norm_var") + kNormEpsilon);
  return {weight * scale.view({-1, 1, 1, 1}),
          weights.at(name + "_norm_bias") - weights.at(name + "_norm_mean") * scale};
}

}  // namespace enas4d
