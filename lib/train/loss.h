// Losses over exits (design 3): each is a mean over images and a sum over exits.
#pragma once

#include <torch/types.h>

#include "nn/exits.h"

namespace enas4d {

/// The largest child: label-smoothed cross-entropy on every exit, and its last exit (detached)
/// teaches the earlier ones with weight `distillation`.
torch::Tensor teacher_loss(const Exits& exits, const torch::Tensor& labels, double label_smoothing,
                           double distillation);

/// Another child: every exit learns the teacher's soft labels (N x classes logits, detached).
torch::Tensor student_loss(const Exits& exits, const torch::Tensor& teacher_logits);

/// Cross-entropy of every exit on the labels: children of a step that has no teacher.
torch::Tensor label_loss(const Exits& exits, const torch::Tensor& labels, double label_smoothing);

}  // namespace enas4d
