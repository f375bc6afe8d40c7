// All kernels as one file's instruction set has them. Before it come that file's kLanes and
// kRegisters.
#pragma once

#include "kernels/code.h"
#include "kernels/depthwise_code.h"
#include "kernels/norm_code.h"
#include "kernels/pointwise_code.h"

namespace enas4d {
namespace {

constexpr KernelCode kAllCode = {forward,
                                 backward,
                                 norm_sums_code,
                                 norm_activate_code,
                                 norm_gradient_sums_code,
                                 norm_input_gradient_code,
                                 pointwise_code,
                                 pointwise_weight_gradient_code};

}  // namespace
}  // namespace enas4d
