// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/norm_activation.h"

#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/norm.h"
#include "nn/first_derivative.h"
#include "nn/layout.h"
#include "nn/norm_groups.h"

namespace enas4d {

namespace {

torch::Tensor activated(const torch::Tensor& x, Activation activation, const NormGroups& groups,
                        const NormStatistics& statistics) {
  const auto y = torch::empty_like(x);
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  float* to = y.data_ptr<float>();
  groups.for_each([&](const NormPiece& piece, std::int64_t, std::int64_t) {
    norm_activate(set, piece.shape, from + piece.begin, statistics.line(piece.group), activation,
                  to + piece.begin);
  });
  return y;
}

/// Gradients of x, weight and bias.
torch::autograd::variable_list gradients_of(const torch::Tensor& x, const torch::Tensor& slopes,
                                            Activation activation, const NormGroups& groups,
                                            const NormStatistics& statistics) {
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* slope = slopes.data_ptr<float>();
  NormSums sums(groups);
  groups.for_each([&](const NormPiece& piece, std::int64_t i, std::int64_t) {
    norm_gradient_sums(set, piece.shape, from + piece.begin, slope + piece.begin,
                       statistics.line(piece.group), statistics.mean_row(piece.group), activation,
                       sums.first.row(i), sums.second.row(i));
  });
  const NormGradients gradients = norm_gradients(sums, groups, statistics);
  const auto x_gradient = torch::empty_like(x);
  write_norm_input_gradient(from, slope, activation, groups, statistics, gradients,
                            x_gradient.data_ptr<float>());
  return {x_gradient, gradients.weight, gradients.bias};
}

class NormActivationFunction : public torch::autograd::Function<NormActivationFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               std::int64_t activation, std::int64_t norm_batch) {
    RECORD_FUNCTION("enas4d::norm_activation", std::vector<c10::IValue>());
    const auto input = x.contiguous(kChannelsLast);
    const NormGroups groups(input, norm_batch, NormPieces::kPixels);
    const NormStatistics s = norm_statistics(input, {weight, bias}, groups);
    save_norm(context, {input}, s, static_cast<Activation>(activation), norm_batch);
    return activated(input, static_cast<Activation>(activation), groups, s);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::norm_activation_backward", std::vector<c10::IValue>());
    require_first_derivative();
    const SavedNorm norm(context, NormPieces::kPixels);
    auto result = gradients_of(norm.tensors[0], gradients[0].contiguous(kChannelsLast),
                               norm.activation, norm.groups, norm.statistics);
    result.resize(5);  // the last two arguments have no gradient
    return result;
  }
};

}  // namespace

torch::Tensor norm_activation(const torch::Tensor& x, const NormWeights& weights,
                              Activation activation, std::int64_t norm_batch) {
  return NormActivationFunction::apply(x, weights.weight, weights.bias,
                                       static_cast<std::int64_t>(activation), norm_batch);
}

NormedBatch norm_activation_with_statistics(const torch::Tensor& x, const NormWeights& weights,
                                            Activation activation) {
  const torch::NoGradGuard no_grad;
  const auto input = x.contiguous(kChannelsLast);
  const NormGroups groups(input, 0, NormPieces::kPixels);
  const NormStatistics statistics = norm_statistics(input, weights, groups);
  return {activated(input, activation, groups, statistics), statistics.mean[0], statistics.var[0]};
}

}  // namespace enas4d
