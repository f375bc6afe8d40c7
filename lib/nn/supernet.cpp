#include "nn/supernet.h"

#include <cmath>
#include <optional>
#include <utility>

#include <torch/torch.h>

#include "nn/dataflow.h"
#include "nn/depthwise.h"
#include "nn/norm_activation.h"
#include "nn/pointwise.h"
#include "util/rng.h"

namespace enas4d {

namespace {

constexpr double kClassifierDeviation = 0.01;
constexpr std::uint64_t kDropoutStream =
    0x64726f70;  // keeps its random numbers apart from all others of the seed

double initial_deviation(const Layer& layer) {
  if (layer.role == Role::kClassifier) return kClassifierDeviation;
  const int inputs = layer.role == Role::kDepthwise ? 1 : layer.full_in_channels;
  return std::sqrt(2.0 / (inputs * layer.full_kernel * layer.full_kernel));
}

/// He initialisation by actual fan-in for weights, identity for kernel matrices, norms 1 and 0,
/// biases 0.
torch::Tensor initial_value(const Layer& layer, const ParameterShape& parameter, Rng rng) {
  if (parameter.suffix.rfind("_kernel", 0) == 0) return torch::eye(parameter.shape[0]);
  if (parameter.suffix == "_norm_weight") return torch::ones(parameter.shape);
  if (parameter.suffix != "_weight") return torch::zeros(parameter.shape);
  auto weight = torch::empty(parameter.shape);
  const double deviation = initial_deviation(layer);
  float* data = weight.data_ptr<float>();
  for (std::int64_t i = 0; i < weight.numel(); ++i)
    data[i] = static_cast<float>(deviation * rng.normal());
  return weight;
}

torch::Tensor drop_channels(const torch::Tensor& x, int stage, const Dropout& dropout) {
  auto mask = torch::empty({x.size(0), x.size(1), 1, 1});
  const auto kept = static_cast<float>(1 / (1 - dropout.rate));
  float* data = mask.data_ptr<float>();
  for (std::int64_t image = 0; image < x.size(0); ++image) {
    Rng rng(dropout.seed, {kDropoutStream, static_cast<std::uint64_t>(dropout.step),
                           static_cast<std::uint64_t>(dropout.first_image + image),
                           static_cast<std::uint64_t>(stage)});
    for (std::int64_t c = 0; c < x.size(1); ++c) *data++ = rng.chance(dropout.rate) ? 0 : kept;
  }
  return x * mask;
}

/// Convolutions over all channels of an image: nearly all of a network's MACs.
bool is_dense(Role role) {
  return has_norm(role) && role != Role::kDepthwise;
}

/// In bfloat16 as autocast would do it, which kernels of our own do not see.
torch::Tensor convolve_as(Precision precision, const Layer& layer,
                          const std::vector<torch::Tensor>& inputs, const LayerWeights& weights) {
  if (precision == Precision::kFloat32 || !is_dense(layer.role))
    return convolve(layer, inputs, weights.weight, weights.bias);
  std::vector<torch::Tensor> low;
  low.reserve(inputs.size());
  for (const torch::Tensor& x : inputs) low.push_back(x.to(torch::kBFloat16));
  return torch::conv2d(joined_inputs(low), weights.weight.to(torch::kBFloat16), /*bias=*/{},
                       layer.stride, layer.kernel / 2)
      .to(torch::kFloat);
}

/// Which values the one layer that reads them can normalise as it reads: a depthwise layer, or a
/// projection of that value alone.
std::vector<bool> unnormed_values(const Plan& plan, Precision precision) {
  std::vector<int> reads(static_cast<std::size_t>(plan.values), 0);
  std::vector<bool> result(reads.size(), false);
  for (const Layer& layer : plan.layers) {
    for_each_read(layer, [&](int value) { ++reads[static_cast<std::size_t>(value)]; });
    const bool projects =
        layer.role == Role::kProject && layer.input_count == 1 && precision == Precision::kFloat32;
    if (layer.role == Role::kDepthwise || projects)
      result[static_cast<std::size_t>(layer.inputs[0].value)] = true;
  }
  for (const Layer& layer : plan.layers) {
    const auto value = static_cast<std::size_t>(layer.output);
    const bool is_norms_own = has_norm(layer.role) && layer.addend == kNoValue;
    result[value] = result[value] && reads[value] == 1 && is_norms_own;
  }
  return result;
}

/// What the reader of an unnormed value needs besides it.
struct PendingNorm {
  NormWeights norm;
  Activation activation;
};

torch::Tensor convolve_unnormed(const Layer& layer, const UnnormedInput& input,
                                const torch::Tensor& weight) {
  return layer.role == Role::kDepthwise ? normed_depthwise(input, weight, layer.stride)
                                        : normed_pointwise(input, weight);
}

}  // namespace

SupernetImpl::SupernetImpl(Space space, std::uint64_t seed) : space_(std::move(space)) {
  std::uint64_t index = 0;
  for (const Layer& layer : full_plan(space_).layers) {
    for (const ParameterShape& parameter : supernet_parameters(layer)) {
      register_parameter(layer_name(layer) + parameter.suffix,
                         initial_value(layer, parameter, Rng(seed, {index++})));
    }
  }
}

LayerWeights SupernetImpl::layer_weights(const Layer& layer) const {
  return shared_weights(
      layer, [this](const std::string& name) -> const torch::Tensor& { return parameters_[name]; });
}

Exits SupernetImpl::forward(const torch::Tensor& images, const Plan& plan,
                            const ForwardOptions& options) {
  Values values = begin_values(plan, images);
  const std::vector<bool> stay_unnormed = unnormed_values(plan, options.precision);
  std::vector<std::optional<PendingNorm>> pending(values.size());
  Exits exits;
  for (const Layer& layer : plan.layers) {
    run_layer(layer, values, [&](const Layer&, std::vector<torch::Tensor> inputs) {
      const LayerWeights weights = layer_weights(layer);
      if (layer.role == Role::kClassifier && options.dropout.rate > 0) {
        inputs = {drop_channels(joined_inputs(inputs), layer.stage, options.dropout)};
      }
      const auto& before = pending[static_cast<std::size_t>(layer.inputs[0].value)];
      const torch::Tensor x =
          before ? convolve_unnormed(
                       layer, {inputs[0], before->norm, before->activation, options.norm_batch},
                       weights.weight)
                 : convolve_as(options.precision, layer, inputs, weights);
      if (!has_norm(layer.role)) return activate(layer.activation, x);
      // By batch statistics alone: the supernet keeps none.
      const NormWeights norm = {weights.norm_weight, weights.norm_bias};
      const auto output = static_cast<std::size_t>(layer.output);
      if (!stay_unnormed[output])
        return norm_activation(x, norm, layer.activation, options.norm_batch);
      pending[output] = PendingNorm{norm, layer.activation};
      return x;
    });
    if (layer.role == Role::kClassifier) {
      exits.logits.push_back(flat_logits(values[static_cast<std::size_t>(layer.output)]));
    }
  }
  return exits;
}

}  // namespace enas4d
