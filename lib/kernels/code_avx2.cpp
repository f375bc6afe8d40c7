// The kernels for x86 processors with AVX2 and FMA.
#include "kernels/code.h"

namespace enas4d {
namespace {

constexpr int kLanes = 8;       ///< floats of a vector
constexpr int kRegisters = 16;  ///< vectors that the processor holds

}  // namespace
}  // namespace enas4d

#include "kernels/depthwise_code.h"
#include "kernels/norm_code.h"
#include "kernels/pointwise_code.h"

namespace enas4d {

const KernelCode kAvx2Code = {forward,
                              input_gradient,
                              weight_gradient,
                              norm_sums_code,
                              norm_activate_code,
                              norm_gradient_sums_code,
                              norm_input_gradient_code,
                              pointwise_code,
                              pointwise_weight_gradient_code};

}  // namespace enas4d
