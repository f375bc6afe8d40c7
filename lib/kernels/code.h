// What each code_*.cpp offers: the kernels compiled for one instruction set.
#pragma once

#include "kernels/depthwise.h"
#include "kernels/norm.h"
#include "kernels/pointwise.h"

namespace enas4d {

struct KernelCode {
  void (*depthwise_forward)(const DepthwiseShape&, const float* x, const DepthwiseStart&,
                            const float* packed, const DepthwiseFinish&, float* y, float* scratch);
  void (*depthwise_backward)(const DepthwiseShape&, const float* x, const DepthwiseStart&,
                             const float* y_gradient, const float* turned,
                             const DepthwiseGradients&, float* scratch);
  void (*norm_sums)(const NormShape&, const float* x, const float* centre, double* sum,
                    double* square_sum);
  void (*norm_activate)(const NormShape&, const float* x, const NormLine&, Activation, float* y);
  void (*norm_gradient_sums)(const NormShape&, const float* x, const float* y_gradient,
                             const NormLine&, const float* mean, Activation, double* sum,
                             double* product_sum);
  void (*norm_input_gradient)(const NormShape&, const float* x, const float* y_gradient,
                              const NormLine&, const NormGradientLine&, Activation,
                              float* x_gradient);
  void (*pointwise)(const PointwiseShape&, const PointwiseInputs&, const float* packed,
                    const PointwiseFinish&, float* y);
  void (*pointwise_weight_gradient)(const PointwiseShape&, const float* x, const float* y_gradient,
                                    const PointwiseGradient&);
};

extern const KernelCode kBaselineCode;
extern const KernelCode kAvx2Code;    ///< only where code_avx2.cpp is built
extern const KernelCode kAvx512Code;  ///< only where code_avx512.cpp is built

}  // namespace enas4d
