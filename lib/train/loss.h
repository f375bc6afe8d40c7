// Losses over exits: each is a mean over images and a weighted sum over exits.
#pragma once

#include <vector>

#include <torch/types.h>

#include "nn/exits.h"

namespace enas4d {

struct LossOptions {
  double label_smoothing = 0;         ///< of cross-entropy on labels
  double distillation = 1;            ///< weight of soft labels where there are hard ones, too
  std::vector<double> stage_weights;  ///< one an exit; empty = 1 each
};

// `labels` below are int64, N, or float32 shares of each class, N x classes; `teacher_logits` are
// N x classes, detached.

/// The largest subnet: cross-entropy on every exit, and its last exit (detached) teaches the
/// earlier ones with weight `distillation`.
torch::Tensor teacher_loss(const Exits& exits, const torch::Tensor& labels,
                           const LossOptions& options);

/// Another subnet: every exit learns the teacher's soft labels.
torch::Tensor student_loss(const Exits& exits, const torch::Tensor& teacher_logits,
                           const LossOptions& options);

/// Cross-entropy of every exit on the labels: subnets of a step that has no teacher.
torch::Tensor label_loss(const Exits& exits, const torch::Tensor& labels,
                         const LossOptions& options);

/// A subnet of a frozen teacher (OFA): the labels, and with weight `distillation` the soft ones.
torch::Tensor labelled_student_loss(const Exits& exits, const torch::Tensor& labels,
                                    const torch::Tensor& teacher_logits,
                                    const LossOptions& options);

}  // namespace enas4d
