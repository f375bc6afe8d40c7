#include "train/gradient_bucket.h"

#include <utility>

#include <torch/torch.h>

namespace enas4d {

namespace {

constexpr std::int64_t kMostNumbers = 8;

}  // namespace

GradientBucket::GradientBucket(std::vector<torch::Tensor> parameters, Ranks& ranks)
    : parameters_(std::move(parameters)), ranks_(ranks) {
  if (ranks_.size() == 1) return;
  std::int64_t size = 0;
  for (const auto& parameter : parameters_) size += parameter.numel();
  flat_ = torch::zeros({size + kMostNumbers});
  std::int64_t first = 0;
  for (const auto& parameter : parameters_) {
    views_.push_back(flat_.narrow(0, first, parameter.numel()).view(parameter.sizes()));
    first += parameter.numel();
  }
}

void GradientBucket::reduce(std::vector<double>& numbers) {
  TORCH_CHECK(numbers.size() <= kMostNumbers, "too many numbers for the bucket");
  if (ranks_.size() == 1) return;
  const torch::NoGradGuard no_grad;
  gather(numbers);
  ranks_.sum(flat_);
  flat_.div_(ranks_.size());
  hand_out(numbers);
}

void GradientBucket::gather(const std::vector<double>& numbers) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const torch::Tensor& gradient = parameters_[i].grad();
    if (gradient.defined()) {
      views_[i].copy_(gradient);
    } else {
      views_[i].zero_();
    }
  }
  float* tail = flat_.data_ptr<float>() + flat_.numel() - kMostNumbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) tail[i] = static_cast<float>(numbers[i]);
}

void GradientBucket::hand_out(std::vector<double>& numbers) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor parameter = parameters_[i];
    if (parameter.grad().defined()) parameter.mutable_grad() = views_[i];
  }
  const float* tail = flat_.data_ptr<float>() + flat_.numel() - kMostNumbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(tail[i]);
}

}  // namespace enas4d
