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

}  // namespace

torch::Tensor teacher_loss(const Exits& exits, const torch::Tensor& labels, double label_smoothing,
                           double distillation) {
  torch::Tensor loss = label_loss(exits, labels, label_smoothing);
  if (distillation == 0) return loss;
  const auto target = torch::softmax(exits.logits.back().detach(), 1);
  for (std::size_t s = 0; s + 1 < exits.logits.size(); ++s) {
    loss = loss + distillation * soft_cross_entropy(exits.logits[s], target);
  }
  return loss;
}

torch::Tensor student_loss(const Exits& exits, const torch::Tensor& teacher_logits) {
  const auto target = torch::softmax(teacher_logits, 1);
  torch::Tensor loss = torch::zeros({});
  for (const auto& logits : exits.logits) loss = loss + soft_cross_entropy(logits, target);
  return loss;
}

torch::Tensor label_loss(const Exits& exits, const torch::Tensor& labels, double label_smoothing) {
  torch::Tensor loss = torch::zeros({});
  for (const auto& logits : exits.logits)
    loss = loss + hard_cross_entropy(logits, labels, label_smoothing);
  return loss;
}

}  // namespace enas4d
