// Batch statistics group by group and on all threads: what the operations with a norm in them
// share.
#pragma once

#include <cstdint>
#include <vector>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include "kernels/norm.h"
#include "nn/norm_activation.h"
#include "nn/slices.h"

namespace enas4d {

/// A run of pixels of one group of images: what one thread works on at a time.
struct NormPiece {
  NormShape shape;
  std::int64_t group;
  std::int64_t begin;  ///< of its numbers in the array
};

enum class NormPieces { kPixels, kImages };  ///< what pieces consist of

/// How a batch falls into groups that are normalised together, and groups into pieces, so that no
/// thread is idle.
struct NormGroups {
  std::int64_t channels;
  std::vector<std::int64_t> group_pixels;
  std::vector<NormPiece> pieces;  ///< as many in each group; some may be empty

  /// x: N x C x H x W; groups of `norm_batch` images, 0: all.
  NormGroups(const torch::Tensor& x, std::int64_t norm_batch, NormPieces kind);

  std::int64_t count() const { return static_cast<std::int64_t>(group_pixels.size()); }

  /// Calls `run(piece, index of the piece, part)` for all pieces, on all threads; each of
  /// `thread_parts()` parts has its pieces in order.
  template <class Run>
  void for_each(Run&& run) const {
    for_each_part(static_cast<std::int64_t>(pieces.size()),
                  [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i)
                      run(pieces[static_cast<std::size_t>(i)], i, part);
                  });
  }
  std::int64_t thread_parts() const { return parts_of(static_cast<std::int64_t>(pieces.size())); }
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

/// Two sums per channel and piece.
struct NormSums {
  NormRows<double> first, second;

  explicit NormSums(const NormGroups& groups)
      : first(static_cast<std::int64_t>(groups.pieces.size()), groups.channels),
        second(static_cast<std::int64_t>(groups.pieces.size()), groups.channels) {}
};

/// What the backward pass needs of a forward pass: one row of C a group.
struct NormStatistics {
  torch::Tensor mean, var;     ///< var is biased
  torch::Tensor scale, shift;  ///< scale * x + shift is normalised and weighted

  NormLine line(std::int64_t group) const;
  const float* mean_row(std::int64_t group) const;
};

/// x: channels-last.
NormStatistics norm_statistics(const torch::Tensor& x, const NormWeights& weights,
                               const NormGroups& groups);

/// Adds what norm_gradient_sums makes of some pixels to one row of `sums`.
void add_norm_gradient_sums(const NormShape& shape, const float* x, const float* y_gradient,
                            const NormStatistics& statistics, std::int64_t group,
                            Activation activation, NormSums& sums, std::int64_t row);

/// What the sums of norm_gradient_sums come to.
struct NormGradients {
  torch::Tensor weight, bias;
  torch::Tensor mean, offset, slope;  ///< one row of C a group, for norm_input_gradient

  NormGradientLine line(std::int64_t group) const;
};
NormGradients norm_gradients(NormSums& sums, const NormGroups& groups,
                             const NormStatistics& statistics);

/// The gradient of x from that of activation(scale * x + shift); both may be the same memory.
void write_norm_input_gradient(const float* x, const float* y_gradient, Activation activation,
                               const NormGroups& groups, const NormStatistics& statistics,
                               const NormGradients& gradients, float* x_gradient);

/// Keeps for the backward pass what an operation with a norm in it needs there.
void save_norm(torch::autograd::AutogradContext* context, torch::autograd::variable_list tensors,
               const NormStatistics& statistics, Activation activation, std::int64_t norm_batch);

/// What save_norm kept.
struct SavedNorm {
  torch::autograd::variable_list tensors;  ///< the first of them is the norm's input
  NormStatistics statistics;
  Activation activation;
  NormGroups groups;

  SavedNorm(torch::autograd::AutogradContext* context, NormPieces kind);
};

}  // namespace enas4d
