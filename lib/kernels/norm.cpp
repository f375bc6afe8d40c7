#include "kernels/norm.h"

#include "kernels/dispatch.h"

namespace enas4d {

void norm_sums(InstructionSet set, const NormShape& shape, const float* x, const float* centre,
               double* sum, double* square_sum) {
  code_of(set).norm_sums(shape, x, centre, sum, square_sum);
}

void norm_activate(InstructionSet set, const NormShape& shape, const float* x, const NormLine& line,
                   Activation activation, float* y) {
  code_of(set).norm_activate(shape, x, line, activation, y);
}

void norm_gradient_sums(InstructionSet set, const NormShape& shape, const float* x,
                        const float* y_gradient, const NormLine& line, const float* mean,
                        Activation activation, double* sum, double* product_sum) {
  code_of(set).norm_gradient_sums(shape, x, y_gradient, line, mean, activation, sum, product_sum);
}

void norm_input_gradient(InstructionSet set, const NormShape& shape, const float* x,
                         const float* y_gradient, const NormLine& line,
                         const NormGradientLine& statistics, Activation activation,
                         float* x_gradient) {
  code_of(set).norm_input_gradient(shape, x, y_gradient, line, statistics, activation, x_gradient);
}

}  // namespace enas4d
