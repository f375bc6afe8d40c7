// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/norm_activation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/norm.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

constexpr auto kRowsOfChannels = torch::MemoryFormat::ChannelsLast;
constexpr std::int64_t kRangeChannels = 64;  ///< channels are divided in multiples of this

/// A part of the work: channels [first, last) of one group of images.
struct NormPart {
  NormShape shape;
  std::int64_t group;
  std::int64_t begin;  ///< of the group in the array
};

/// How a batch falls into groups, and groups into parts where there are fewer groups than threads.
struct NormGroups {
  std::int64_t images, pixels, channels;  ///< pixels of one image
  std::int64_t group_images;

  NormGroups(const torch::Tensor& x, std::int64_t norm_batch)
      : images(x.size(0)),
        pixels(x.size(2) * x.size(3)),
        channels(x.size(1)),
        group_images(norm_batch == 0 ? x.size(0) : std::min(norm_batch, x.size(0))) {}

  std::int64_t count() const { return (images + group_images - 1) / group_images; }

  std::int64_t group_pixels(std::int64_t group) const {
    return std::min(group_images, images - group * group_images) * pixels;
  }

  std::int64_t ranges() const {
    const std::int64_t most = (channels + kRangeChannels - 1) / kRangeChannels;
    const std::int64_t wanted = parts_of(images) / std::min(parts_of(images), count());
    return std::min(most, wanted);
  }

  /// Calls `run(part)` for all parts, on all threads.
  template <class Run>
  void for_each(Run&& run) const {
    const std::int64_t divided = ranges();
    const auto edge = [&](std::int64_t range) {
      if (range == divided) return channels;
      return channels * range / divided / kRangeChannels * kRangeChannels;
    };
    for_each_part(count() * divided, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t group = i / divided, range = i % divided;
        run(NormPart{{group_pixels(group), channels, edge(range), edge(range + 1)},
                     group,
                     group * group_images * pixels * channels});
      }
    });
  }
};

/// Rows of per-channel numbers, one row a group.
struct NormRows {
  torch::Tensor mean, var, scale, shift;

  explicit NormRows(const NormGroups& groups) {
    for (torch::Tensor* rows : {&mean, &var, &scale, &shift})
      *rows = torch::empty({groups.count(), groups.channels});
  }
};

float* row(const torch::Tensor& rows, std::int64_t group) {
  return rows.data_ptr<float>() + group * rows.size(1);
}

float deviation(float var) {
  return std::sqrt(var + static_cast<float>(kNormEpsilon));
}

torch::Tensor run_norm(const torch::Tensor& x, const NormWeights& weights, Activation activation,
                       const NormGroups& groups, const NormRows& rows) {
  const auto y = torch::empty_like(x);
  RECORD_FUNCTION("enas4d::norm_activation", std::vector<c10::IValue>());
  const InstructionSet set = best_instruction_set();
  const torch::Tensor weight = weights.weight.contiguous(), bias = weights.bias.contiguous();
  groups.for_each([&](const NormPart& part) {
    const float* from = x.data_ptr<float>() + part.begin;
    float* mean = row(rows.mean, part.group);
    float* var = row(rows.var, part.group);
    float* scale = row(rows.scale, part.group);
    float* shift = row(rows.shift, part.group);
    norm_statistics(set, part.shape, from, mean, var);
    for (std::int64_t c = part.shape.first; c < part.shape.last; ++c) {
      scale[c] = weight.data_ptr<float>()[c] / deviation(var[c]);
      shift[c] = bias.data_ptr<float>()[c] - mean[c] * scale[c];
    }
    norm_activate(set, part.shape, from, {scale, shift}, activation,
                  y.data_ptr<float>() + part.begin);
  });
  return y;
}

class NormActivationFunction : public torch::autograd::Function<NormActivationFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               std::int64_t activation, std::int64_t norm_batch) {
    const auto input = x.contiguous(kRowsOfChannels);
    const NormGroups groups(input, norm_batch);
    const NormRows rows(groups);
    const auto y =
        run_norm(input, {weight, bias}, static_cast<Activation>(activation), groups, rows);
    context->save_for_backward({input, rows.mean, rows.var, rows.scale, rows.shift});
    context->saved_data["activation"] = activation;
    context->saved_data["norm_batch"] = norm_batch;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::norm_activation_backward", std::vector<c10::IValue>());
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &mean = saved[1], &var = saved[2], &scale = saved[3],
                        &shift = saved[4];
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    const NormGroups groups(x, context->saved_data["norm_batch"].toInt());
    const auto slopes = gradients[0].contiguous(kRowsOfChannels);
    const auto x_gradient = torch::empty_like(x);
    const auto weight_gradients = torch::empty_like(mean), bias_gradients = torch::empty_like(mean);
    const auto offsets = torch::empty_like(mean), corrections = torch::empty_like(mean);
    const InstructionSet set = best_instruction_set();
    groups.for_each([&](const NormPart& part) {
      const float* from = x.data_ptr<float>() + part.begin;
      const float* slope = slopes.data_ptr<float>() + part.begin;
      const NormLine line = {row(scale, part.group), row(shift, part.group)};
      float* sum = row(bias_gradients, part.group);
      float* product = row(weight_gradients, part.group);
      float* offset = row(offsets, part.group);
      float* correction = row(corrections, part.group);
      norm_gradient_sums(set, part.shape, from, slope, line, row(mean, part.group), activation, sum,
                         product);
      const auto pixels = static_cast<float>(part.shape.pixels);
      for (std::int64_t c = part.shape.first; c < part.shape.last; ++c) {
        const float inverse = 1 / deviation(row(var, part.group)[c]);
        offset[c] = sum[c] / pixels;
        correction[c] = product[c] * inverse * inverse / pixels;
        product[c] *= inverse;
      }
      norm_input_gradient(set, part.shape, from, slope, line,
                          {row(mean, part.group), offset, correction}, activation,
                          x_gradient.data_ptr<float>() + part.begin);
    });
    return {x_gradient, weight_gradients.sum(0), bias_gradients.sum(0), torch::Tensor(),
            torch::Tensor()};
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
  const auto input = x.contiguous(kRowsOfChannels);
  const NormGroups groups(input, 0);
  const NormRows rows(groups);
  const auto y = run_norm(input, weights, activation, groups, rows);
  return {y, rows.mean[0], rows.var[0]};
}

}  // namespace enas4d
