// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/norm_activation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

#include "kernels/norm.h"
#include "nn/first_derivative.h"
#include "nn/slices.h"

namespace enas4d {

namespace {

constexpr auto kRowsOfChannels = torch::MemoryFormat::ChannelsLast;
/// A run of pixels of one group of images: what one thread works on at a time.
struct NormPiece {
  NormShape shape;
  std::int64_t group;
  std::int64_t begin;  ///< of its numbers in the array
};

/// How a batch falls into groups that are normalised together, and groups into pieces, so that no
/// thread is idle.
struct NormGroups {
  std::int64_t channels;
  std::vector<std::int64_t> group_pixels;
  std::vector<NormPiece> pieces;

  NormGroups(const torch::Tensor& x, std::int64_t norm_batch) : channels(x.size(1)) {
    TORCH_CHECK(x.numel() > 0, "a norm needs images");
    const std::int64_t images = x.size(0), image_pixels = x.size(2) * x.size(3);
    const std::int64_t size = norm_batch == 0 ? images : norm_batch;
    const std::int64_t groups = (images + size - 1) / size;
    const std::int64_t divided = (parts_of(x.numel()) + groups - 1) / groups;
    for (std::int64_t group = 0; group < groups; ++group) {
      const std::int64_t pixels = std::min(size, images - group * size) * image_pixels;
      group_pixels.push_back(pixels);
      for (std::int64_t i = 0; i < divided; ++i) {
        const std::int64_t first = pixels * i / divided, last = pixels * (i + 1) / divided;
        pieces.push_back(
            {{last - first, channels}, group, (group * size * image_pixels + first) * channels});
      }
    }
  }

  std::int64_t count() const { return static_cast<std::int64_t>(group_pixels.size()); }

  /// Calls `run(piece, index of the piece)` for all pieces, on all threads.
  template <class Run>
  void for_each(Run&& run) const {
    for_each_part(static_cast<std::int64_t>(pieces.size()),
                  [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i)
                      run(pieces[static_cast<std::size_t>(i)], i);
                  });
  }
};

/// Numbers per channel, one row a group (float) or a piece (double).
template <class Number>
class NormRows {
 public:
  NormRows(std::int64_t rows, std::int64_t channels)
      : channels_(channels), numbers_(static_cast<std::size_t>(rows * channels)) {}
  Number* row(std::int64_t i) { return numbers_.data() + i * channels_; }

 private:
  std::int64_t channels_;
  std::vector<Number> numbers_;
};

/// Two sums per channel and piece, and their totals per group.
struct NormSums {
  NormRows<double> first, second;

  explicit NormSums(const NormGroups& groups)
      : first(static_cast<std::int64_t>(groups.pieces.size()), groups.channels),
        second(static_cast<std::int64_t>(groups.pieces.size()), groups.channels) {}

  /// Calls `run(group, channel, first total, second total)`; pieces are added in order.
  template <class Run>
  void for_each_total(const NormGroups& groups, Run&& run) {
    const auto pieces = static_cast<std::int64_t>(groups.pieces.size()) / groups.count();
    for (std::int64_t group = 0; group < groups.count(); ++group)
      for (std::int64_t c = 0; c < groups.channels; ++c) {
        double a = 0, b = 0;
        for (std::int64_t i = group * pieces; i < (group + 1) * pieces; ++i) {
          a += first.row(i)[c];
          b += second.row(i)[c];
        }
        run(group, c, a, b);
      }
  }
};

/// What the backward pass needs of a forward pass: one row of C a group.
struct NormStatistics {
  torch::Tensor mean, var, scale, shift;

  explicit NormStatistics(const NormGroups& groups) {
    for (torch::Tensor* rows : {&mean, &var, &scale, &shift})
      *rows = torch::empty({groups.count(), groups.channels});
  }
};

float* row(const torch::Tensor& rows, std::int64_t group) {
  return rows.data_ptr<float>() + group * rows.size(1);
}

void measure_statistics(const torch::Tensor& x, const NormGroups& groups,
                        const NormStatistics& statistics) {
  const InstructionSet set = best_instruction_set();
  const float* data = x.data_ptr<float>();
  const auto centre = [&](std::int64_t group) {  // the group's first pixel
    const auto pieces = static_cast<std::int64_t>(groups.pieces.size()) / groups.count();
    return data + groups.pieces[static_cast<std::size_t>(group * pieces)].begin;
  };
  NormSums sums(groups);
  groups.for_each([&](const NormPiece& piece, std::int64_t i) {
    norm_sums(set, piece.shape, data + piece.begin, centre(piece.group), sums.first.row(i),
              sums.second.row(i));
  });
  sums.for_each_total(groups, [&](std::int64_t group, std::int64_t c, double sum, double square) {
    const auto pixels = static_cast<double>(groups.group_pixels[static_cast<std::size_t>(group)]);
    const double offset = sum / pixels;
    row(statistics.mean, group)[c] =
        static_cast<float>(static_cast<double>(centre(group)[c]) + offset);
    row(statistics.var, group)[c] =
        static_cast<float>(std::max(square / pixels - offset * offset, 0.0));
  });
}

torch::Tensor run_norm(const torch::Tensor& x, const NormWeights& weights, Activation activation,
                       const NormGroups& groups, const NormStatistics& statistics) {
  const auto y = torch::empty_like(x);
  RECORD_FUNCTION("enas4d::norm_activation", std::vector<c10::IValue>());
  measure_statistics(x, groups, statistics);
  TORCH_CHECK(weights.weight.numel() == groups.channels && weights.bias.numel() == groups.channels,
              "a norm needs one weight and bias a channel");
  const torch::Tensor weight = weights.weight.contiguous(), bias = weights.bias.contiguous();
  for (std::int64_t group = 0; group < groups.count(); ++group)
    for (std::int64_t c = 0; c < groups.channels; ++c) {
      const float scale = weight.data_ptr<float>()[c] / std::sqrt(row(statistics.var, group)[c] +
                                                                  static_cast<float>(kNormEpsilon));
      row(statistics.scale, group)[c] = scale;
      row(statistics.shift, group)[c] =
          bias.data_ptr<float>()[c] - row(statistics.mean, group)[c] * scale;
    }
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  float* to = y.data_ptr<float>();
  groups.for_each([&](const NormPiece& piece, std::int64_t) {
    norm_activate(set, piece.shape, from + piece.begin,
                  {row(statistics.scale, piece.group), row(statistics.shift, piece.group)},
                  activation, to + piece.begin);
  });
  return y;
}

/// Gradients of x, weight and bias.
torch::autograd::variable_list norm_gradients(const torch::Tensor& x, const torch::Tensor& slopes,
                                              Activation activation, const NormGroups& groups,
                                              const NormStatistics& statistics) {
  const auto x_gradient = torch::empty_like(x);
  const auto weight_gradient = torch::zeros({groups.channels});
  const auto bias_gradient = torch::zeros({groups.channels});
  const InstructionSet set = best_instruction_set();
  const float* from = x.data_ptr<float>();
  const float* slope = slopes.data_ptr<float>();
  float* to = x_gradient.data_ptr<float>();
  const auto line = [&](std::int64_t group) {
    return NormLine{row(statistics.scale, group), row(statistics.shift, group)};
  };
  NormSums sums(groups);
  groups.for_each([&](const NormPiece& piece, std::int64_t i) {
    norm_gradient_sums(set, piece.shape, from + piece.begin, slope + piece.begin, line(piece.group),
                       row(statistics.mean, piece.group), activation, sums.first.row(i),
                       sums.second.row(i));
  });
  NormRows<float> offsets(groups.count(), groups.channels);
  NormRows<float> corrections(groups.count(), groups.channels);
  sums.for_each_total(groups, [&](std::int64_t group, std::int64_t c, double sum, double product) {
    const auto pixels = static_cast<double>(groups.group_pixels[static_cast<std::size_t>(group)]);
    const double inverse =
        1 / std::sqrt(static_cast<double>(row(statistics.var, group)[c]) + kNormEpsilon);
    offsets.row(group)[c] = static_cast<float>(sum / pixels);
    corrections.row(group)[c] = static_cast<float>(product * inverse * inverse / pixels);
    weight_gradient.data_ptr<float>()[c] += static_cast<float>(product * inverse);
    bias_gradient.data_ptr<float>()[c] += static_cast<float>(sum);
  });
  groups.for_each([&](const NormPiece& piece, std::int64_t) {
    norm_input_gradient(
        set, piece.shape, from + piece.begin, slope + piece.begin, line(piece.group),
        {row(statistics.mean, piece.group), offsets.row(piece.group), corrections.row(piece.group)},
        activation, to + piece.begin);
  });
  return {x_gradient, weight_gradient, bias_gradient};
}

class NormActivationFunction : public torch::autograd::Function<NormActivationFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               std::int64_t activation, std::int64_t norm_batch) {
    const auto input = x.contiguous(kRowsOfChannels);
    const NormGroups groups(input, norm_batch);
    const NormStatistics s(groups);
    const auto y = run_norm(input, {weight, bias}, static_cast<Activation>(activation), groups, s);
    context->save_for_backward({input, s.mean, s.var, s.scale, s.shift});
    context->saved_data["activation"] = activation;
    context->saved_data["norm_batch"] = norm_batch;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    RECORD_FUNCTION("enas4d::norm_activation_backward", std::vector<c10::IValue>());
    require_first_derivative();
    const auto saved = context->get_saved_variables();
    const NormGroups groups(saved[0], context->saved_data["norm_batch"].toInt());
    NormStatistics statistics(groups);
    statistics.mean = saved[1];
    statistics.var = saved[2];
    statistics.scale = saved[3];
    statistics.shift = saved[4];
    auto result = norm_gradients(saved[0], gradients[0].contiguous(kRowsOfChannels),
                                 static_cast<Activation>(context->saved_data["activation"].toInt()),
                                 groups, statistics);
    result.resize(5);  // the last two arguments have no gradient
    return result;
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
  const NormStatistics statistics(groups);
  const auto y = run_norm(input, weights, activation, groups, statistics);
  return {y, statistics.mean[0], statistics.var[0]};
}

}  // namespace enas4d
