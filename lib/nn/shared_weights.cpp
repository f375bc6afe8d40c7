#include "nn/shared_weights.h"

#include <fmt/format.h>

namespace enas4d {

namespace {

std::vector<ParameterShape> layer_parameters(const Layer& layer, int in, int out, int kernel) {
  const std::int64_t columns = layer.role == Role::kDepthwise ? 1 : in;
  std::vector<ParameterShape> result = {{"_weight", {out, columns, kernel, kernel}}};
  if (has_norm(layer.role)) {
    result.push_back({"_norm_weight", {out}});
    result.push_back({"_norm_bias", {out}});
  } else {
    result.push_back({"_bias", {out}});
  }
  return result;
}

/// The columns of the layer's inputs. Groups that lie side by side in the full weight are one view;
/// gaps, left by earlier groups narrower than their largest choice, force a copy.
torch::Tensor input_columns(const Layer& layer, const torch::Tensor& rows) {
  std::vector<torch::Tensor> parts;
  int begin = layer.inputs[0].offset;
  int end = begin;
  for (int i = 0; i < layer.input_count; ++i) {
    const Input& input = layer.inputs[static_cast<std::size_t>(i)];
    if (input.offset != end) {
      parts.push_back(rows.narrow(1, begin, end - begin));
      begin = input.offset;
    }
    end = input.offset + input.channels;
  }
  parts.push_back(rows.narrow(1, begin, end - begin));
  return parts.size() == 1 ? parts[0] : torch::cat(parts, 1);
}

/// C x 1 x k x k from C x 1 x K x K.
torch::Tensor shrink_kernel(const Layer& layer, torch::Tensor weight, const FindParameter& find) {
  for (std::int64_t size = layer.full_kernel - 2; size >= layer.kernel; size -= 2) {
    const auto centre = weight.narrow(2, 1, size).narrow(3, 1, size);
    const auto& matrix = find(fmt::format("{}_kernel{}", layer_name(layer), size));
    weight = torch::matmul(centre.reshape({-1, size * size}), matrix.t()).view({-1, 1, size, size});
  }
  return weight;
}

}  // namespace

std::vector<ParameterShape> supernet_parameters(const Layer& full) {
  auto result =
      layer_parameters(full, full.full_in_channels, full.full_out_channels, full.full_kernel);
  if (full.role == Role::kDepthwise) {
    for (std::int64_t size = full.full_kernel - 2; size >= 3; size -= 2) {
      result.push_back({fmt::format("_kernel{}", size), {size * size, size * size}});
    }
  }
  return result;
}

std::vector<ParameterShape> subnet_parameters(const Layer& layer) {
  auto result = layer_parameters(layer, layer.in_channels, layer.out_channels, layer.kernel);
  if (has_norm(layer.role)) {
    result.push_back({"_norm_mean", {layer.out_channels}});
    result.push_back({"_norm_var", {layer.out_channels}});
  }
  return result;
}

LayerWeights shared_weights(const Layer& layer, const FindParameter& find) {
  const std::string name = layer_name(layer);
  LayerWeights result;
  const auto rows = find(name + "_weight").narrow(0, 0, layer.out_channels);
  result.weight = layer.role == Role::kDepthwise ? shrink_kernel(layer, rows, find)
                                                 : input_columns(layer, rows);
  if (has_norm(layer.role)) {
    result.norm_weight = find(name + "_norm_weight").narrow(0, 0, layer.out_channels);
    result.norm_bias = find(name + "_norm_bias").narrow(0, 0, layer.out_channels);
  } else {
    result.bias = find(name + "_bias").narrow(0, 0, layer.out_channels);
  }
  return result;
}

}  // namespace enas4d
