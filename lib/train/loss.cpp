#include "train/loss.h"

#include <torch/torch.h>

namespace enas4d {

namespace {

torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& target) {
  return -(target * torch::log_softmax(logits, 1)).sum(1).mean();
}

torch::Tensor hard_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                 double smoothing) {
  return torch::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                   smoothing);
}

/// The sum over the first `count` exits of their weight times their loss.
template <class Loss>
torch::Tensor weighted_sum(const Exits& exits, std::size_t count, const LossOptions& options,
                           Loss&& loss) {
  torch::Tensor sum = torch::zeros({});
  for (std::size_t s = 0; s < count; ++s) {
    const torch::Tensor own = loss(exits.logits[s]);
    sum = sum + (options.stage_weights.empty() ? own : options.stage_weights[s] * own);
  }
  return sum;
}

}  // namespace

torch::Tensor teacher_loss(const Exits& exits, const torch::Tensor& labels,
                           const LossOptions& options) {
  const torch::Tensor loss = label_loss(exits, labels, options);
  if (options.distillation == 0) return loss;
  const auto target = torch::softmax(exits.logits.back().detach(), 1);
  return loss + options.distillation *
                    weighted_sum(exits, exits.logits.size() - 1, options,
                                 [&](const auto& x) { return soft_cross_entropy(x, target); });
}

torch::Tensor student_loss(const Exits& exits, const torch::Tensor& teacher_logits,
                           const LossOptions& options) {
  const auto target = torch::softmax(teacher_logits, 1);
  return weighted_sum(exits, exits.logits.size(), options,
                      [&](const auto& x) { return soft_cross_entropy(x, target); });
}

torch::Tensor label_loss(const Exits& exits, const torch::Tensor& labels,
                         const LossOptions& options) {
  return weighted_sum(exits, exits.logits.size(), options, [&](const auto& x) {
    return hard_cross_entropy(x, labels, options.label_smoothing);
  });
}

torch::Tensor labelled_student_loss(const Exits& exits, const torch::Tensor& labels,
                                    const torch::Tensor& teacher_logits,
                                    const LossOptions& options) {
  return label_loss(exits, labels, options) +
         options.distillation * student_loss(exits, teacher_logits, options);
}

}  // namespace enas4d
