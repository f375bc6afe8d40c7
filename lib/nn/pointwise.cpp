// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/pointwise.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/pointwise.h"
#include "nn/first_derivative.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

constexpr auto kPixelRows = torch::MemoryFormat::ChannelsLast;

std::int64_t pixels_of(const torch::Tensor& x) {
  return x.size(0) * x.size(2) * x.size(3);
}

torch::Tensor pixel_tensor(const torch::Tensor& like, std::int64_t channels) {
  return torch::empty({like.size(0), channels, like.size(2), like.size(3)},
                      torch::TensorOptions().memory_format(kPixelRows));
}

std::vector<torch::Tensor> in_pixel_rows(torch::TensorList inputs) {
  std::vector<torch::Tensor> result;
  result.reserve(inputs.size());
  for (const torch::Tensor& x : inputs) result.push_back(x.contiguous(kPixelRows));
  return result;
}

torch::Tensor packed_weight_of(const PointwiseShape& shape, const PointwiseWeight& weight) {
  const auto packed = torch::empty({shape.packed_size()});
  pack_pointwise(shape, weight, packed.data_ptr<float>());
  return packed;
}

PointwiseShape shape_of(const std::vector<torch::Tensor>& inputs, std::int64_t out_channels) {
  PointwiseShape shape = {pixels_of(inputs[0]), 0, out_channels};
  for (const torch::Tensor& x : inputs) {
    TORCH_CHECK(x.size(0) == inputs[0].size(0) && x.size(2) == inputs[0].size(2) &&
                    x.size(3) == inputs[0].size(3),
                "inputs that lie side by side must have the same images and pixels");
    shape.in_channels += x.size(1);
  }
  return shape;
}

void run_pointwise(const PointwiseShape& shape, const std::vector<torch::Tensor>& inputs,
                   const torch::Tensor& packed, const PointwiseFinish& finish,
                   const torch::Tensor& y) {
  RECORD_FUNCTION("enas4d::pointwise", std::vector<c10::IValue>({y, shape.in_channels}));
  const InstructionSet set = best_instruction_set();
  const float* weight = packed.data_ptr<float>();
  float* to = y.data_ptr<float>();
  for_each_part(shape.pixels, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    std::vector<PointwiseInput> x;
    x.reserve(inputs.size());
    for (const torch::Tensor& input : inputs)
      x.push_back({input.data_ptr<float>() + begin * input.size(1), input.size(1)});
    PointwiseFinish part = finish;
    if (finish.addend != nullptr) part.addend += begin * shape.out_channels;
    pointwise(set, {end - begin, shape.in_channels, shape.out_channels},
              {x.data(), static_cast<std::int64_t>(x.size())}, weight, part,
              to + begin * shape.out_channels);
  });
}

/// The gradient of the input whose columns of the weight (out x in, contiguous) begin at `column`.
torch::Tensor input_gradient_of(const torch::Tensor& x, const torch::Tensor& weight,
                                std::int64_t column, const torch::Tensor& y_gradient) {
  const PointwiseShape shape = {pixels_of(x), weight.size(0), x.size(1)};
  const auto transposed =
      packed_weight_of(shape, {weight.data_ptr<float>() + column, 1, weight.size(1)});
  const auto gradient = pixel_tensor(x, x.size(1));
  run_pointwise(shape, {y_gradient}, transposed, {}, gradient);
  return gradient;
}

/// Each part of the pixels sums its own gradient, and the parts are added in order: the same number
/// of threads gives the same bits.
torch::Tensor weight_gradient_of(const std::vector<torch::Tensor>& inputs,
                                 const torch::Tensor& y_gradient) {
  const PointwiseShape shape = shape_of(inputs, y_gradient.size(1));
  const auto sums =
      torch::zeros({parts_of(shape.pixels), shape.out_channels, shape.in_channels, 1, 1});
  const InstructionSet set = best_instruction_set();
  const float* slopes = y_gradient.data_ptr<float>();
  float* to = sums.data_ptr<float>();
  for_each_part(shape.pixels, [&](std::int64_t index, std::int64_t begin, std::int64_t end) {
    float* columns = to + index * shape.out_channels * shape.in_channels;
    for (const torch::Tensor& x : inputs) {
      pointwise_weight_gradient(set, {end - begin, x.size(1), shape.out_channels},
                                x.data_ptr<float>() + begin * x.size(1),
                                slopes + begin * shape.out_channels, {columns, shape.in_channels});
      columns += x.size(1);
    }
  });
  return sums.size(0) == 1 ? sums[0] : sums.sum(0);
}

class PointwiseFunction : public torch::autograd::Function<PointwiseFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::TensorList inputs,
                               const torch::Tensor& weight) {
    auto saved = in_pixel_rows(inputs);
    const PointwiseShape shape = shape_of(saved, weight.size(0));
    TORCH_CHECK(weight.size(1) == shape.in_channels, "a 1x1 weight needs one column a channel");
    const auto rows = weight.contiguous();
    const auto packed = packed_weight_of(shape, {rows.data_ptr<float>(), shape.in_channels, 1});
    const auto y = pixel_tensor(saved[0], shape.out_channels);
    run_pointwise(shape, saved, packed, {}, y);
    saved.push_back(rows);
    context->save_for_backward(saved);
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::pointwise_backward", std::vector<c10::IValue>());
    require_first_derivative();
    auto inputs = context->get_saved_variables();
    const auto weight = inputs.back();
    inputs.pop_back();
    const auto y_gradient = gradients[0].contiguous(kPixelRows);
    torch::autograd::variable_list result;
    std::int64_t column = 0;
    for (const torch::Tensor& x : inputs) {
      result.push_back(input_gradient_of(x, weight, column, y_gradient));
      column += x.size(1);
    }
    result.push_back(weight_gradient_of(inputs, y_gradient));
    return result;
  }
};

}  // namespace

torch::Tensor pointwise(const std::vector<torch::Tensor>& inputs, const torch::Tensor& weight) {
  return PointwiseFunction::apply(torch::TensorList(inputs), weight);
}

torch::Tensor packed_pointwise(const torch::Tensor& weight) {
  const auto rows = weight.contiguous();
  return packed_weight_of({0, rows.size(1), rows.size(0)},
                          {rows.data_ptr<float>(), rows.size(1), 1});
}

torch::Tensor infer_pointwise(const std::vector<torch::Tensor>& inputs,
                              const InferredPointwise& layer) {
  const auto x = in_pixel_rows(inputs);
  const auto y = pixel_tensor(x[0], layer.bias.size(0));
  const auto addend = layer.addend.defined() ? layer.addend.contiguous(kPixelRows) : layer.addend;
  const PointwiseShape shape = shape_of(x, layer.bias.size(0));
  TORCH_CHECK(layer.packed.numel() == shape.packed_size(),
              "a 1x1 layer's input has other channels");
  TORCH_CHECK(!addend.defined() || addend.sizes() == y.sizes(), "a residual has another shape");
  run_pointwise(shape, x, layer.packed,
                {layer.bias.data_ptr<float>(), layer.activation,
                 addend.defined() ? addend.data_ptr<float>() : nullptr},
                y);
  return y;
}

}  // namespace enas4d
