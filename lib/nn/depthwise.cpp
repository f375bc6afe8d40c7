// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/depthwise.h"

#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/depthwise.h"
#include "nn/first_derivative.h"
#include "nn/layout.h"
#include "nn/norm_groups.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

DepthwiseShape shape_of(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride) {
  return {x.size(0), x.size(2), x.size(3), x.size(1), kernel, stride};
}

torch::Tensor packed_weight(const DepthwiseShape& shape, const torch::Tensor& weight,
                            void (*pack)(const DepthwiseShape&, const float*, float*)) {
  const auto packed = torch::empty({shape.packed_size()});
  pack(shape, weight.contiguous().data_ptr<float>(), packed.data_ptr<float>());
  return packed;
}

torch::Tensor empty_output(const DepthwiseShape& shape) {
  return torch::empty({shape.images, shape.channels, shape.out_height(), shape.out_width()},
                      torch::TensorOptions().memory_format(kChannelsLast));
}

/// The images [begin, end) of a batch: their shape, and where they begin in x and in y.
struct ImageRange {
  DepthwiseShape shape;
  std::int64_t x, y;

  ImageRange(const DepthwiseShape& batch, std::int64_t begin, std::int64_t end)
      : shape(batch),
        x(begin * batch.height * batch.width * batch.channels),
        y(begin * batch.out_height() * batch.out_width() * batch.channels) {
    shape.images = end - begin;
  }

  /// Of the range the `n`th.
  ImageRange image(std::int64_t n) const {
    ImageRange one(shape, n, n + 1);
    one.x += x;
    one.y += y;
    return one;
  }
};

/// `for_each_range` calls what it is given with ranges that make up the batch and their starts, on
/// all threads.
template <class ForEachRange>
torch::Tensor run_ranges(const DepthwiseShape& shape, const torch::Tensor& x,
                         const torch::Tensor& packed, const DepthwiseFinish& finish,
                         ForEachRange&& for_each_range) {
  const auto y = empty_output(shape);
  RECORD_FUNCTION("enas4d::depthwise", std::vector<c10::IValue>({y, shape.kernel}));
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* weight = packed.data_ptr<float>();
  float* to = y.data_ptr<float>();
  for_each_range([&](const ImageRange& part, const DepthwiseStart& start) {
    depthwise_forward(set, part.shape, from + part.x, start, weight, finish, to + part.y);
  });
  return y;
}

torch::Tensor run_forward(const DepthwiseShape& shape, const torch::Tensor& x,
                          const torch::Tensor& packed, const DepthwiseFinish& finish) {
  return run_ranges(shape, x, packed, finish, [&](auto&& run) {
    for_each_part(shape.images, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      run(ImageRange(shape, begin, end), DepthwiseStart());
    });
  });
}

/// The weight's gradient from sums of parts of the batch.
torch::Tensor weight_gradient_of(const DepthwiseShape& shape, const torch::Tensor& sums) {
  const auto packed = sum_of_parts(sums);
  const auto gradient = torch::empty({shape.channels, 1, shape.kernel, shape.kernel});
  unpack_depthwise_gradient(shape, packed.data_ptr<float>(), gradient.data_ptr<float>());
  return gradient;
}

/// Gradients of x and weight.
torch::autograd::variable_list run_backward(const DepthwiseShape& shape, const torch::Tensor& x,
                                            const torch::Tensor& weight,
                                            const torch::Tensor& y_gradient) {
  const auto turned = packed_weight(shape, weight, pack_depthwise_turned);
  const auto x_gradient = torch::empty_like(x);
  const auto sums = torch::zeros({parts_of(shape.images), shape.packed_size()});
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* slopes = y_gradient.data_ptr<float>();
  const float* factors = turned.data_ptr<float>();
  float* to = x_gradient.data_ptr<float>();
  float* sum = sums.data_ptr<float>();
  for_each_part(shape.images, [&](std::int64_t index, std::int64_t begin, std::int64_t end) {
    const ImageRange part(shape, begin, end);
    depthwise_backward(set, part.shape, from + part.x, {}, slopes + part.y, factors,
                       {to + part.x, sum + index * shape.packed_size()});
  });
  return {x_gradient, weight_gradient_of(shape, sums)};
}

/// The images of a piece of a norm's groups.
ImageRange images_of(const DepthwiseShape& shape, const NormPiece& piece) {
  const std::int64_t first = piece.begin / (shape.height * shape.width * shape.channels);
  return {shape, first, first + piece.shape.pixels / (shape.height * shape.width)};
}

torch::Tensor run_normed_forward(const DepthwiseShape& shape, const torch::Tensor& x,
                                 const torch::Tensor& packed, Activation activation,
                                 const NormGroups& groups, const NormStatistics& statistics) {
  return run_ranges(shape, x, packed, {}, [&](auto&& run) {
    groups.for_each([&](const NormPiece& piece, std::int64_t, std::int64_t) {
      run(images_of(shape, piece), DepthwiseStart{statistics.line(piece.group), activation});
    });
  });
}

/// Gradients of x, the norm's weight and bias, and the layer's weight. An image after the other:
/// the sums that the norm's gradient needs are made while it is in a cache.
torch::autograd::variable_list run_normed_backward(const DepthwiseShape& shape,
                                                   const torch::Tensor& x,
                                                   const torch::Tensor& weight,
                                                   const torch::Tensor& y_gradient,
                                                   Activation activation, const NormGroups& groups,
                                                   const NormStatistics& statistics) {
  const auto turned = packed_weight(shape, weight, pack_depthwise_turned);
  const auto x_gradient = torch::empty_like(x);
  const auto packed = torch::zeros({groups.thread_parts(), shape.packed_size()});
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* slopes = y_gradient.data_ptr<float>();
  const float* factors = turned.data_ptr<float>();
  float* to = x_gradient.data_ptr<float>();
  float* packed_sums = packed.data_ptr<float>();
  NormSums sums(groups);
  groups.for_each([&](const NormPiece& piece, std::int64_t i, std::int64_t part) {
    const NormShape image = {shape.height * shape.width, shape.channels};
    const ImageRange all = images_of(shape, piece);
    for (std::int64_t n = 0; n < all.shape.images; ++n) {
      const ImageRange one = all.image(n);
      depthwise_backward(set, one.shape, from + one.x, {statistics.line(piece.group), activation},
                         slopes + one.y, factors,
                         {to + one.x, packed_sums + part * shape.packed_size()});
      add_norm_gradient_sums(image, from + one.x, to + one.x, statistics, piece.group, activation,
                             sums, i);
    }
  });
  const NormGradients gradients = norm_gradients(sums, groups, statistics);
  write_norm_input_gradient(from, to, activation, groups, statistics, gradients, to);
  return {x_gradient, gradients.weight, gradients.bias, weight_gradient_of(shape, packed)};
}

class DepthwiseFunction : public torch::autograd::Function<DepthwiseFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, std::int64_t stride) {
    const auto input = x.contiguous(kChannelsLast);
    context->save_for_backward({input, weight});
    context->saved_data["stride"] = stride;
    const DepthwiseShape shape = shape_of(input, weight.size(2), stride);
    return run_forward(shape, input, packed_weight(shape, weight, pack_depthwise), {});
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::depthwise_backward", std::vector<c10::IValue>());
    require_first_derivative();
    const auto saved = context->get_saved_variables();
    const DepthwiseShape shape =
        shape_of(saved[0], saved[1].size(2), context->saved_data["stride"].toInt());
    const auto y_gradient = gradients[0].contiguous(kChannelsLast);
    auto result = run_backward(shape, saved[0], saved[1], y_gradient);
    result.emplace_back();  // the stride has none
    return result;
  }
};

class NormedDepthwiseFunction : public torch::autograd::Function<NormedDepthwiseFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& norm_weight, const torch::Tensor& norm_bias,
                               const torch::Tensor& weight, std::int64_t activation,
                               std::int64_t norm_batch, std::int64_t stride) {
    const auto input = x.contiguous(kChannelsLast);
    const NormGroups groups(input, norm_batch, NormPieces::kImages);
    const NormStatistics s = norm_statistics(input, {norm_weight, norm_bias}, groups);
    save_norm(context, {input, weight}, s, static_cast<Activation>(activation), norm_batch);
    context->saved_data["stride"] = stride;
    const DepthwiseShape shape = shape_of(input, weight.size(2), stride);
    return run_normed_forward(shape, input, packed_weight(shape, weight, pack_depthwise),
                              static_cast<Activation>(activation), groups, s);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::depthwise_backward", std::vector<c10::IValue>());
    require_first_derivative();
    const SavedNorm norm(context, NormPieces::kImages);
    const torch::Tensor &x = norm.tensors[0], &weight = norm.tensors[1];
    const DepthwiseShape shape = shape_of(x, weight.size(2), context->saved_data["stride"].toInt());
    auto result = run_normed_backward(shape, x, weight, gradients[0].contiguous(kChannelsLast),
                                      norm.activation, norm.groups, norm.statistics);
    result.resize(7);  // the last three arguments have none
    return result;
  }
};

}  // namespace

torch::Tensor depthwise(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t stride) {
  TORCH_CHECK(weight.size(0) == x.size(1), "a depthwise weight needs one kernel a channel");
  return DepthwiseFunction::apply(x, weight, stride);
}

torch::Tensor normed_depthwise(const UnnormedInput& input, const torch::Tensor& weight,
                               std::int64_t stride) {
  TORCH_CHECK(weight.size(0) == input.x.size(1), "a depthwise weight needs one kernel a channel");
  return NormedDepthwiseFunction::apply(input.x, input.norm.weight, input.norm.bias, weight,
                                        static_cast<std::int64_t>(input.activation),
                                        input.norm_batch, stride);
}

torch::Tensor packed_depthwise(const torch::Tensor& weight) {
  const DepthwiseShape shape = {0, 1, 1, weight.size(0), weight.size(2), 1};
  return packed_weight(shape, weight, pack_depthwise);
}

torch::Tensor infer_depthwise(const Layer& layer, const torch::Tensor& x,
                              const torch::Tensor& packed, const torch::Tensor& bias) {
  TORCH_CHECK(x.size(1) == bias.size(0), "a depthwise layer's input has other channels");
  const auto input = x.contiguous(kChannelsLast);
  return run_forward(shape_of(input, layer.kernel, layer.stride), input, packed,
                     {bias.data_ptr<float>(), layer.activation});
}

}  // namespace enas4d
