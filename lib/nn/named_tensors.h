// Weights by the names that arch/plan.h's layer_name gives.
#pragma once

#include <map>
#include <string>

#include <torch/types.h>

namespace enas4d {

using NamedTensors = std::map<std::string, torch::Tensor>;

}  // namespace enas4d
