// What a multi-stage network returns.
#pragma once

#include <vector>

#include <torch/types.h>

namespace enas4d {

struct Exits {
  std::vector<torch::Tensor> logits;  ///< per stage: N x classes
};

}  // namespace enas4d
