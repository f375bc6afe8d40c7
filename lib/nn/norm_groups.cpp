// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/norm_groups.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/record_function.h>
#include <torch/torch.h>

namespace enas4d {

namespace {

float* row(const torch::Tensor& rows, std::int64_t group) {
  return rows.data_ptr<float>() + group * rows.size(1);
}

torch::Tensor empty_rows(const NormGroups& groups) {
  return torch::empty({groups.count(), groups.channels});
}

/// Calls `run(group, channel, first total, second total)`; pieces are added in order.
template <class Run>
void for_each_total(NormSums& sums, const NormGroups& groups, Run&& run) {
  const auto pieces = static_cast<std::int64_t>(groups.pieces.size()) / groups.count();
  for (std::int64_t group = 0; group < groups.count(); ++group)
    for (std::int64_t c = 0; c < groups.channels; ++c) {
      double a = 0, b = 0;
      for (std::int64_t i = group * pieces; i < (group + 1) * pieces; ++i) {
        a += sums.first.row(i)[c];
        b += sums.second.row(i)[c];
      }
      run(group, c, a, b);
    }
}

void measure(const torch::Tensor& x, const NormGroups& groups, const NormStatistics& statistics) {
  const InstructionSet set = best_instruction_set();
  const float* data = x.data_ptr<float>();
  const auto centre = [&](std::int64_t group) {  // the group's first pixel
    const auto pieces = static_cast<std::int64_t>(groups.pieces.size()) / groups.count();
    return data + groups.pieces[static_cast<std::size_t>(group * pieces)].begin;
  };
  NormSums sums(groups);
  groups.for_each([&](const NormPiece& piece, std::int64_t i, std::int64_t) {
    norm_sums(set, piece.shape, data + piece.begin, centre(piece.group), sums.first.row(i),
              sums.second.row(i));
  });
  for_each_total(sums, groups, [&](std::int64_t group, std::int64_t c, double sum, double square) {
    const auto pixels = static_cast<double>(groups.group_pixels[static_cast<std::size_t>(group)]);
    const double offset = sum / pixels;
    row(statistics.mean, group)[c] =
        static_cast<float>(static_cast<double>(centre(group)[c]) + offset);
    row(statistics.var, group)[c] =
        static_cast<float>(std::max(square / pixels - offset * offset, 0.0));
  });
}

}  // namespace

NormGroups::NormGroups(const torch::Tensor& x, std::int64_t norm_batch, NormPieces kind)
    : channels(x.size(1)) {
  TORCH_CHECK(x.numel() > 0, "a norm needs images");
  const std::int64_t images = x.size(0), image_pixels = x.size(2) * x.size(3);
  const std::int64_t size = norm_batch == 0 ? images : norm_batch;
  const std::int64_t groups = (images + size - 1) / size;
  const std::int64_t divided = (parts_of(x.numel()) + groups - 1) / groups;
  const std::int64_t unit = kind == NormPieces::kImages ? image_pixels : 1;
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t pixels = std::min(size, images - group * size) * image_pixels;
    group_pixels.push_back(pixels);
    for (std::int64_t i = 0; i < divided; ++i) {
      const std::int64_t first = pixels / unit * i / divided * unit;
      const std::int64_t last = pixels / unit * (i + 1) / divided * unit;
      pieces.push_back(
          {{last - first, channels}, group, (group * size * image_pixels + first) * channels});
    }
  }
}

NormLine NormStatistics::line(std::int64_t group) const {
  return {row(scale, group), row(shift, group)};
}

const float* NormStatistics::mean_row(std::int64_t group) const {
  return row(mean, group);
}

NormGradientLine NormGradients::line(std::int64_t group) const {
  return {row(mean, group), row(offset, group), row(slope, group)};
}

NormStatistics norm_statistics(const torch::Tensor& x, const NormWeights& weights,
                               const NormGroups& groups) {
  RECORD_FUNCTION("enas4d::norm_statistics", std::vector<c10::IValue>());
  TORCH_CHECK(weights.weight.numel() == groups.channels && weights.bias.numel() == groups.channels,
              "a norm needs one weight and bias a channel");
  const NormStatistics s = {empty_rows(groups), empty_rows(groups), empty_rows(groups),
                            empty_rows(groups)};
  measure(x, groups, s);
  const torch::Tensor weight = weights.weight.contiguous(), bias = weights.bias.contiguous();
  for (std::int64_t group = 0; group < groups.count(); ++group)
    for (std::int64_t c = 0; c < groups.channels; ++c) {
      const float scale = weight.data_ptr<float>()[c] /
                          std::sqrt(row(s.var, group)[c] + static_cast<float>(kNormEpsilon));
      row(s.scale, group)[c] = scale;
      row(s.shift, group)[c] = bias.data_ptr<float>()[c] - row(s.mean, group)[c] * scale;
    }
  return s;
}

void add_norm_gradient_sums(const NormShape& shape, const float* x, const float* y_gradient,
                            const NormStatistics& statistics, std::int64_t group,
                            Activation activation, NormSums& sums, std::int64_t row) {
  std::vector<double> sum(static_cast<std::size_t>(shape.channels)), product(sum.size());
  norm_gradient_sums(best_instruction_set(), shape, x, y_gradient, statistics.line(group),
                     statistics.mean_row(group), activation, sum.data(), product.data());
  for (std::size_t c = 0; c < sum.size(); ++c) {
    sums.first.row(row)[c] += sum[c];
    sums.second.row(row)[c] += product[c];
  }
}

NormGradients norm_gradients(NormSums& sums, const NormGroups& groups,
                             const NormStatistics& statistics) {
  const NormGradients result = {torch::zeros({groups.channels}), torch::zeros({groups.channels}),
                                statistics.mean, empty_rows(groups), empty_rows(groups)};
  for_each_total(sums, groups, [&](std::int64_t group, std::int64_t c, double sum, double product) {
    const auto pixels = static_cast<double>(groups.group_pixels[static_cast<std::size_t>(group)]);
    const double inverse =
        1 / std::sqrt(static_cast<double>(row(statistics.var, group)[c]) + kNormEpsilon);
    row(result.offset, group)[c] = static_cast<float>(sum / pixels);
    row(result.slope, group)[c] = static_cast<float>(product * inverse * inverse / pixels);
    result.weight.data_ptr<float>()[c] += static_cast<float>(product * inverse);
    result.bias.data_ptr<float>()[c] += static_cast<float>(sum);
  });
  return result;
}

void write_norm_input_gradient(const float* x, const float* y_gradient, Activation activation,
                               const NormGroups& groups, const NormStatistics& statistics,
                               const NormGradients& gradients, float* x_gradient) {
  const InstructionSet set = best_instruction_set();
  groups.for_each([&](const NormPiece& piece, std::int64_t, std::int64_t) {
    norm_input_gradient(set, piece.shape, x + piece.begin, y_gradient + piece.begin,
                        statistics.line(piece.group), gradients.line(piece.group), activation,
                        x_gradient + piece.begin);
  });
}

void save_norm(torch::autograd::AutogradContext* context, torch::autograd::variable_list tensors,
               const NormStatistics& statistics, Activation activation, std::int64_t norm_batch) {
  for (const torch::Tensor& rows :
       {statistics.mean, statistics.var, statistics.scale, statistics.shift})
    tensors.push_back(rows);
  context->save_for_backward(std::move(tensors));
  context->saved_data["activation"] = static_cast<std::int64_t>(activation);
  context->saved_data["norm_batch"] = norm_batch;
}

SavedNorm::SavedNorm(torch::autograd::AutogradContext* context, NormPieces kind)
    : tensors(context->get_saved_variables()),
      statistics({tensors.end()[-4], tensors.end()[-3], tensors.end()[-2], tensors.end()[-1]}),
      activation(static_cast<Activation>(context->saved_data["activation"].toInt())),
      groups(tensors[0], context->saved_data["norm_batch"].toInt(), kind) {
  tensors.resize(tensors.size() - 4);
}

}  // namespace enas4d
