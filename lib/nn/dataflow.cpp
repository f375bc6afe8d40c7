#include "nn/dataflow.h"

#include <torch/torch.h>

#include "nn/depthwise.h"
#include "nn/pointwise.h"

namespace enas4d {

std::vector<torch::Tensor> gather_inputs(const Layer& layer, const Values& values) {
  std::vector<torch::Tensor> inputs;
  inputs.reserve(kMaxStages);
  for (int i = 0; i < layer.input_count; ++i) {
    const auto& value =
        values[static_cast<std::size_t>(layer.inputs[static_cast<std::size_t>(i)].value)];
    inputs.push_back(layer.role == Role::kSqueeze ? spatial_mean(value) : value);
  }
  return inputs;
}

torch::Tensor joined_inputs(const std::vector<torch::Tensor>& inputs) {
  return inputs.size() == 1 ? inputs[0] : torch::cat(inputs, 1);
}

torch::Tensor convolve(const Layer& layer, const std::vector<torch::Tensor>& inputs,
                       const torch::Tensor& weight, const torch::Tensor& bias) {
  if (layer.role == Role::kDepthwise) return depthwise(inputs[0], weight, layer.stride);
  if (layer.role == Role::kStem)
    return torch::conv2d(inputs[0], weight, bias, layer.stride, layer.kernel / 2);
  const auto y = pointwise(inputs, weight);
  return bias.defined() ? y + bias.view({1, -1, 1, 1}) : y;
}

torch::Tensor activate(Activation activation, const torch::Tensor& x) {
  switch (activation) {
    case Activation::kLinear:
      return x;
    case Activation::kRelu:
      return torch::relu(x);
    case Activation::kHardSwish:
      return torch::hardswish(x);
    case Activation::kHardSigmoid:
      return torch::hardsigmoid(x);
  }
  TORCH_INTERNAL_ASSERT(false, "unknown activation");
}

Values begin_values(const Plan& plan, const torch::Tensor& images) {
  TORCH_CHECK(images.dim() == 4 && images.size(1) == plan.channels &&
                  images.size(2) == plan.resolution && images.size(3) == plan.resolution,
              "images do not fit the plan");
  Values values(static_cast<std::size_t>(plan.values));
  values[0] = images;
  return values;
}

std::vector<std::size_t> last_uses(const Plan& plan) {
  std::vector<std::size_t> result(static_cast<std::size_t>(plan.values), 0);
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    for_each_read(plan.layers[l], [&](int value) { result[static_cast<std::size_t>(value)] = l; });
  }
  return result;
}

void release(const Layer& layer, std::size_t index, const std::vector<std::size_t>& last_use,
             Values& values) {
  const auto drop = [&](int value) {
    const auto v = static_cast<std::size_t>(value);
    if (last_use[v] <= index) values[v].reset();
  };
  for_each_read(layer, drop);
  drop(layer.output);  // only logits: nobody reads them
}

LayerRange stage_layers(const Plan& plan, int stage) {
  const auto s = static_cast<std::size_t>(stage);
  return {s == 0 ? 0 : static_cast<std::size_t>(plan.stage_end[s - 1]),
          static_cast<std::size_t>(plan.stage_end[s])};
}

}  // namespace enas4d
