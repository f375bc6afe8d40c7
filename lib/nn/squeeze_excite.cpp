// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/squeeze_excite.h"

#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/norm.h"
#include "nn/first_derivative.h"
#include "nn/layout.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

torch::Tensor mean_of(const torch::Tensor& x) {
  return x.mean({2, 3}, /*keepdim=*/true);
}

class SpatialMeanFunction : public torch::autograd::Function<SpatialMeanFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
    context->saved_data["sizes"] = x.sizes().vec();
    return mean_of(x);
  }

  /// A view: whoever adds it to another gradient need not read it from memory.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    require_first_derivative();
    const auto sizes = context->saved_data["sizes"].toIntVector();
    return {(gradients[0] / static_cast<double>(sizes[2] * sizes[3])).expand(sizes)};
  }
};

/// Calls `run(shape of an image, its first number, its first channel)` for each image of x, on all
/// threads.
template <class Run>
void for_each_image(const torch::Tensor& x, Run&& run) {
  const NormShape image = {x.size(2) * x.size(3), x.size(1)};
  for_each_part(x.size(0), [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n)
      run(image, n * image.pixels * image.channels, n * image.channels);
  });
}

/// Gates are the scales of a norm without shift, one row an image. Both in the layouts that
/// `excite` asks for.
torch::Tensor run_excite(const torch::Tensor& x, const torch::Tensor& gates) {
  RECORD_FUNCTION("enas4d::excite", std::vector<c10::IValue>());
  const auto y = torch::empty_like(x);
  const std::vector<float> zeros(static_cast<std::size_t>(x.size(1)));
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* gate = gates.data_ptr<float>();
  float* to = y.data_ptr<float>();
  for_each_image(x, [&](const NormShape& image, std::int64_t first, std::int64_t channel) {
    norm_activate(set, image, from + first, {gate + channel, zeros.data()}, Activation::kLinear,
                  to + first);
  });
  return y;
}

/// The sums over space of x * slopes: the second sums of a linear norm with mean 0.
torch::Tensor gate_gradient(const torch::Tensor& x, const torch::Tensor& slopes) {
  const auto gradient = torch::empty({x.size(0), x.size(1), 1, 1});
  const std::vector<float> zeros(static_cast<std::size_t>(x.size(1)));
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* slope = slopes.data_ptr<float>();
  float* to = gradient.data_ptr<float>();
  for_each_image(x, [&](const NormShape& image, std::int64_t first, std::int64_t channel) {
    std::vector<double> sums(zeros.size()), products(zeros.size());
    norm_gradient_sums(set, image, from + first, slope + first, {zeros.data(), zeros.data()},
                       zeros.data(), Activation::kLinear, sums.data(), products.data());
    for (std::size_t c = 0; c < products.size(); ++c)
      to[channel + static_cast<std::int64_t>(c)] = static_cast<float>(products[c]);
  });
  return gradient;
}

class ExciteFunction : public torch::autograd::Function<ExciteFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& gates) {
    context->save_for_backward({x, gates});
    return run_excite(x, gates);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::excite_backward", std::vector<c10::IValue>());
    require_first_derivative();
    const auto saved = context->get_saved_variables();
    const auto slopes = gradients[0].contiguous(kChannelsLast);
    return {run_excite(slopes, saved[1]), gate_gradient(saved[0], slopes)};
  }
};

}  // namespace

torch::Tensor spatial_mean(const torch::Tensor& x) {
  return torch::GradMode::is_enabled() ? SpatialMeanFunction::apply(x) : mean_of(x);
}

torch::Tensor excite(const torch::Tensor& x, const torch::Tensor& gates) {
  TORCH_CHECK(gates.dim() == 4 && gates.size(0) == x.size(0) && gates.size(1) == x.size(1) &&
                  gates.size(2) == 1 && gates.size(3) == 1,
              "gates need one number a channel of each image");
  const auto input = x.contiguous(kChannelsLast), rows = gates.contiguous();
  return torch::GradMode::is_enabled() ? ExciteFunction::apply(input, rows)
                                       : run_excite(input, rows);
}

}  // namespace enas4d
