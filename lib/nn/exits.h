// What a multi-stage network returns.
#pragma once

#include <torch/types.h>

#include <vector>

namespace enas4d {

struct Exits {
  std::vector<torch::Tensor> logits;  ///< per stage: N x classes
};

}  // namespace enas4d
