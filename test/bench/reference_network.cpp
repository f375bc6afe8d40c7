#include "bench/reference_network.h"

#include <utility>

namespace enas4d {

namespace {

torch::Tensor activated(Activation activation, const torch::Tensor& x) {
  if (activation == Activation::kRelu) return torch::relu(x);
  if (activation == Activation::kHardSwish) return torch::hardswish(x);
  return activation == Activation::kHardSigmoid ? torch::hardsigmoid(x) : x;
}

torch::nn::Conv2d convolution_of(const Layer& layer, torch::MemoryFormat layout) {
  auto options = torch::nn::Conv2dOptions(layer.in_channels, layer.out_channels, layer.kernel);
  options.stride(layer.stride).padding(layer.kernel / 2).bias(!has_norm(layer.role));
  if (layer.role == Role::kDepthwise) options.groups(layer.out_channels);
  torch::nn::Conv2d convolution(options);
  convolution->weight.set_data(convolution->weight.contiguous(layout));
  return convolution;
}

}  // namespace

ReferenceNetworkImpl::ReferenceNetworkImpl(Plan plan, torch::MemoryFormat layout)
    : plan_(std::move(plan)) {
  for (const Layer& layer : plan_.layers) {
    const std::string name = layer_name(layer);
    convolutions_.push_back(register_module(name, convolution_of(layer, layout)));
    norms_.emplace_back(nullptr);
    if (!has_norm(layer.role)) continue;
    norms_.back() = register_module(name + "_norm", torch::nn::BatchNorm2d(layer.out_channels));
  }
}

torch::Tensor ReferenceNetworkImpl::read(const Layer& layer,
                                         const std::vector<torch::Tensor>& values) const {
  std::vector<torch::Tensor> parts;
  for (int i = 0; i < layer.input_count; ++i) {
    const Input& input = layer.inputs[static_cast<std::size_t>(i)];
    parts.push_back(values[static_cast<std::size_t>(input.value)]);
  }
  const torch::Tensor x = parts.size() == 1 ? parts[0] : torch::cat(parts, 1);
  return layer.role == Role::kSqueeze ? x.mean({2, 3}, /*keepdim=*/true) : x;
}

Exits ReferenceNetworkImpl::forward(const torch::Tensor& images) {
  std::vector<torch::Tensor> values(static_cast<std::size_t>(plan_.values));
  const auto at = [&](int value) -> torch::Tensor& {
    return values[static_cast<std::size_t>(value)];
  };
  at(0) = images;
  Exits exits;
  for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
    const Layer& layer = plan_.layers[i];
    torch::Tensor y = convolutions_[i]->forward(read(layer, values));
    if (norms_[i]) y = norms_[i]->forward(y);
    y = activated(layer.activation, y);
    if (layer.gated != kNoValue) y = at(layer.gated) * y;
    if (layer.addend != kNoValue) y = y + at(layer.addend);
    if (is_pooled(layer.role)) y = y.mean({2, 3}, /*keepdim=*/true);
    at(layer.output) = y;
    if (layer.role == Role::kClassifier) exits.logits.push_back(y.flatten(1));
  }
  return exits;
}

}  // namespace enas4d
