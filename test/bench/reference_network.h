// The yardstick of a training step: one network of a space, written in the obvious way from
// LibTorch's modules.
#pragma once

#include <vector>

#include <torch/torch.h>

#include "arch/plan.h"
#include "nn/exits.h"

namespace enas4d {

class ReferenceNetworkImpl : public torch::nn::Module {
 public:
  /// Weights lie as `layout` says, and so do values where the images do.
  ReferenceNetworkImpl(Plan plan, torch::MemoryFormat layout);

  Exits forward(const torch::Tensor& images);

 private:
  torch::Tensor read(const Layer& layer, const std::vector<torch::Tensor>& values) const;

  Plan plan_;
  std::vector<torch::nn::Conv2d> convolutions_;  ///< one a layer
  std::vector<torch::nn::BatchNorm2d> norms_;    ///< empty holders where a layer has none
};
TORCH_MODULE(ReferenceNetwork);

}  // namespace enas4d
