// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/pointwise.h"

#include <algorithm>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/pointwise.h"
#include "kernels/scratch.h"
#include "nn/first_derivative.h"
#include "nn/layout.h"
#include "nn/norm_groups.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

std::int64_t pixels_of(const torch::Tensor& x) {
  return x.size(0) * x.size(2) * x.size(3);
}

torch::Tensor pixel_tensor(const torch::Tensor& like, std::int64_t channels) {
  return torch::empty({like.size(0), channels, like.size(2), like.size(3)},
                      torch::TensorOptions().memory_format(kChannelsLast));
}

std::vector<torch::Tensor> in_pixel_rows(torch::TensorList inputs) {
  std::vector<torch::Tensor> result;
  result.reserve(inputs.size());
  for (const torch::Tensor& x : inputs) result.push_back(x.contiguous(kChannelsLast));
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

/// An input and, while its gradients are made, what belongs to it.
struct PointwiseSide {
  torch::Tensor x, gradient;
  torch::Tensor transposed;  ///< its columns of the weight, packed
  std::int64_t column;       ///< the first of them
};

/// `weight`: out x in, contiguous.
std::vector<PointwiseSide> sides_of(const std::vector<torch::Tensor>& inputs,
                                    const torch::Tensor& weight) {
  std::vector<PointwiseSide> sides;
  std::int64_t column = 0;
  for (const torch::Tensor& x : inputs) {
    const PointwiseShape shape = {pixels_of(x), weight.size(0), x.size(1)};
    sides.push_back(
        {x, pixel_tensor(x, x.size(1)),
         packed_weight_of(shape, {weight.data_ptr<float>() + column, 1, weight.size(1)}), column});
    column += x.size(1);
  }
  return sides;
}

/// Gradients of the pixels [begin, end) of a side, and their share of that of the weight, whose
/// rows are `pitch` apart.
void side_gradients(const PointwiseSide& side, const torch::Tensor& y_gradient, std::int64_t begin,
                    std::int64_t end, float* weight_gradient, std::int64_t pitch) {
  const InstructionSet set = best_instruction_set();
  const std::int64_t in = side.x.size(1), out = y_gradient.size(1);
  const float* x = side.x.data_ptr<float>();
  const float* slopes = y_gradient.data_ptr<float>();
  const std::int64_t run = pointwise_gradient_run(in, out);
  for (std::int64_t first = begin; first < end; first += run) {
    const std::int64_t pixels = std::min(run, end - first);
    const PointwiseInput slope = {slopes + first * out, out};
    pointwise_weight_gradient(set, {pixels, in, out}, x + first * in, slope.data,
                              {weight_gradient + side.column, pitch});
    pointwise(set, {pixels, out, in}, {&slope, 1}, side.transposed.data_ptr<float>(), {},
              side.gradient.data_ptr<float>() + first * in);
  }
}

/// Gradients of the inputs and of the weight. Each part of the pixels sums its own of the weight,
/// and the parts are added in order: the same number of threads gives the same bits.
torch::autograd::variable_list pointwise_gradients(const std::vector<torch::Tensor>& inputs,
                                                   const torch::Tensor& weight,
                                                   const torch::Tensor& y_gradient) {
  const PointwiseShape shape = shape_of(inputs, y_gradient.size(1));
  const auto sides = sides_of(inputs, weight);
  const auto sums =
      torch::zeros({parts_of(shape.pixels), shape.out_channels, shape.in_channels, 1, 1});
  float* to = sums.data_ptr<float>();
  for_each_part(shape.pixels, [&](std::int64_t index, std::int64_t begin, std::int64_t end) {
    for (const PointwiseSide& side : sides)
      side_gradients(side, y_gradient, begin, end,
                     to + index * shape.out_channels * shape.in_channels, shape.in_channels);
  });
  torch::autograd::variable_list result;
  for (const PointwiseSide& side : sides) result.push_back(side.gradient);
  result.push_back(sum_of_parts(sums));
  return result;
}

/// Calls `run(first, count)` for runs of pixels of a piece of a norm's groups.
template <class Run>
void for_each_run(const NormPiece& piece, std::int64_t out_channels, Run&& run) {
  const std::int64_t in = piece.shape.channels, begin = piece.begin / in;
  const std::int64_t end = begin + piece.shape.pixels;
  const std::int64_t most = pointwise_gradient_run(in, out_channels);
  for (std::int64_t first = begin; first < end; first += most)
    run(first, std::min(most, end - first));
}

torch::Tensor run_normed_forward(const torch::Tensor& x, const torch::Tensor& packed,
                                 std::int64_t out, Activation activation, const NormGroups& groups,
                                 const NormStatistics& statistics) {
  const auto y = pixel_tensor(x, out);
  const std::int64_t in = x.size(1);
  RECORD_FUNCTION("enas4d::pointwise", std::vector<c10::IValue>({y, in}));
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* weight = packed.data_ptr<float>();
  float* to = y.data_ptr<float>();
  groups.for_each([&](const NormPiece& piece, std::int64_t, std::int64_t) {
    for_each_run(piece, out, [&](std::int64_t first, std::int64_t pixels) {
      float* values = thread_scratch(pixels * in);
      norm_activate(set, {pixels, in}, from + first * in, statistics.line(piece.group), activation,
                    values);
      const PointwiseInput input = {values, in};
      pointwise(set, {pixels, in, out}, {&input, 1}, weight, {}, to + first * out);
    });
  });
  return y;
}

/// Gradients of x, the norm's weight and bias, and the layer's weight (out x in, contiguous).
torch::autograd::variable_list run_normed_backward(const torch::Tensor& x,
                                                   const torch::Tensor& weight,
                                                   const torch::Tensor& y_gradient,
                                                   Activation activation, const NormGroups& groups,
                                                   const NormStatistics& statistics) {
  const PointwiseSide side = sides_of({x}, weight)[0];
  const std::int64_t in = x.size(1), out = y_gradient.size(1);
  const auto weight_sums = torch::zeros({groups.thread_parts(), out, in, 1, 1});
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* transposed = side.transposed.data_ptr<float>();
  float* to = side.gradient.data_ptr<float>();
  NormSums sums(groups);
  groups.for_each([&](const NormPiece& piece, std::int64_t i, std::int64_t part) {
    float* weight_sum = weight_sums.data_ptr<float>() + part * out * in;
    for_each_run(piece, out, [&](std::int64_t first, std::int64_t pixels) {
      const float* x_run = from + first * in;
      const PointwiseInput slope = {y_gradient.data_ptr<float>() + first * out, out};
      float* values = thread_scratch(pixels * in);
      norm_activate(set, {pixels, in}, x_run, statistics.line(piece.group), activation, values);
      pointwise_weight_gradient(set, {pixels, in, out}, values, slope.data, {weight_sum, in});
      pointwise(set, {pixels, out, in}, {&slope, 1}, transposed, {}, to + first * in);
      add_norm_gradient_sums({pixels, in}, x_run, to + first * in, statistics, piece.group,
                             activation, sums, i);
    });
  });
  const NormGradients gradients = norm_gradients(sums, groups, statistics);
  write_norm_input_gradient(from, to, activation, groups, statistics, gradients, to);
  return {side.gradient, gradients.weight, gradients.bias, sum_of_parts(weight_sums)};
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
    const auto y_gradient = gradients[0].contiguous(kChannelsLast);
    return pointwise_gradients(inputs, weight, y_gradient);
  }
};

class NormedPointwiseFunction : public torch::autograd::Function<NormedPointwiseFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& norm_weight, const torch::Tensor& norm_bias,
                               const torch::Tensor& weight, std::int64_t activation,
                               std::int64_t norm_batch) {
    const auto input = x.contiguous(kChannelsLast), rows = weight.contiguous();
    TORCH_CHECK(rows.size(1) == input.size(1), "a 1x1 weight needs one column a channel");
    const NormGroups groups(input, norm_batch, NormPieces::kPixels);
    const NormStatistics s = norm_statistics(input, {norm_weight, norm_bias}, groups);
    save_norm(context, {input, rows}, s, static_cast<Activation>(activation), norm_batch);
    return run_normed_forward(input, packed_pointwise(rows), rows.size(0),
                              static_cast<Activation>(activation), groups, s);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::pointwise_backward", std::vector<c10::IValue>());
    require_first_derivative();
    const SavedNorm norm(context, NormPieces::kPixels);
    auto result = run_normed_backward(norm.tensors[0], norm.tensors[1],
                                      gradients[0].contiguous(kChannelsLast), norm.activation,
                                      norm.groups, norm.statistics);
    result.resize(6);  // the last two arguments have no gradient
    return result;
  }
};

}  // namespace

torch::Tensor normed_pointwise(const UnnormedInput& input, const torch::Tensor& weight) {
  return NormedPointwiseFunction::apply(input.x, input.norm.weight, input.norm.bias, weight,
                                        static_cast<std::int64_t>(input.activation),
                                        input.norm_batch);
}

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
  const auto addend =
      layer.addend.defined() ? layer.addend.contiguous(kChannelsLast) : layer.addend;
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
