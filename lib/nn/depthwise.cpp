// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/depthwise.h"

#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/depthwise.h"
#include "nn/first_derivative.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;

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
};

torch::Tensor run_forward(const DepthwiseShape& shape, const torch::Tensor& x,
                          const torch::Tensor& packed, const DepthwiseFinish& finish) {
  const auto y = empty_output(shape);
  RECORD_FUNCTION("enas4d::depthwise", std::vector<c10::IValue>({y, shape.kernel}));
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* weight = packed.data_ptr<float>();
  float* to = y.data_ptr<float>();
  for_each_part(shape.images, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    const ImageRange part(shape, begin, end);
    depthwise_forward(set, part.shape, from + part.x, weight, finish, to + part.y);
  });
  return y;
}

/// Gradients of x and weight. Each part of the batch sums its own gradient of the weight, and the
/// parts are added in order: the same number of threads gives the same bits.
torch::autograd::variable_list run_backward(const DepthwiseShape& shape, const torch::Tensor& x,
                                            const torch::Tensor& weight,
                                            const torch::Tensor& y_gradient) {
  const auto turned = packed_weight(shape, weight, pack_depthwise_turned);
  const auto x_gradient = torch::empty_like(x);
  const auto sums = torch::empty({parts_of(shape.images), shape.packed_size()});
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* slopes = y_gradient.data_ptr<float>();
  const float* factors = turned.data_ptr<float>();
  float* to = x_gradient.data_ptr<float>();
  float* sum = sums.data_ptr<float>();
  for_each_part(shape.images, [&](std::int64_t index, std::int64_t begin, std::int64_t end) {
    const ImageRange part(shape, begin, end);
    depthwise_backward(set, part.shape, from + part.x, slopes + part.y, factors,
                       {to + part.x, sum + index * shape.packed_size()});
  });
  const auto packed = sums.size(0) == 1 ? sums : sums.sum(0);
  const auto gradient = torch::empty({shape.channels, 1, shape.kernel, shape.kernel});
  unpack_depthwise(shape, packed.data_ptr<float>(), gradient.data_ptr<float>());
  return {x_gradient, gradient, torch::Tensor()};  // the stride has none
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
    return run_backward(shape, saved[0], saved[1], y_gradient);
  }
};

}  // namespace

torch::Tensor depthwise(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t stride) {
  TORCH_CHECK(weight.size(0) == x.size(1), "a depthwise weight needs one kernel a channel");
  return DepthwiseFunction::apply(x, weight, stride);
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
