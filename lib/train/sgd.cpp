#include "train/sgd.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <torch/torch.h>

namespace enas4d {

namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Norms, biases and kernel matrices (which start as the identity) are not decayed.
bool is_decayed(const std::string& name) {
  return ends_with(name, "_weight") && !ends_with(name, "_norm_weight");
}

}  // namespace

Sgd::Sgd(Supernet supernet, const Recipe& recipe, NamedTensors momentum, NamedTensors average)
    : supernet_(std::move(supernet)),
      recipe_(recipe),
      momentum_(std::move(momentum)),
      average_(std::move(average)) {}

void Sgd::clear() {
  for (auto& parameter : supernet_->parameters(/*recurse=*/false)) parameter.mutable_grad().reset();
}

double Sgd::gradient_norm() const {
  double sum = 0;
  for (const auto& parameter : supernet_->parameters(/*recurse=*/false)) {
    if (!parameter.grad().defined()) continue;
    const double norm = parameter.grad().norm().item<double>();
    sum += norm * norm;
  }
  return std::sqrt(sum);
}

void Sgd::update(double learning_rate, double norm, std::int64_t step) {
  const torch::NoGradGuard no_grad;
  const bool clips = recipe_.clip_norm > 0 && norm > recipe_.clip_norm;
  const auto scale = static_cast<float>(clips ? recipe_.clip_norm / norm : 1.0);
  const auto rate = static_cast<float>(learning_rate);
  const auto mu = static_cast<float>(recipe_.momentum);
  const auto n = static_cast<double>(step);
  const auto forget = static_cast<float>(1 - std::min(recipe_.ema, (1 + n) / (10 + n)));
  for (auto& item : supernet_->named_parameters(/*recurse=*/false)) {
    const torch::Tensor& parameter = item.value();
    if (parameter.grad().defined()) {
      const torch::Tensor gradient = parameter.grad().contiguous();
      const auto decay = static_cast<float>(is_decayed(item.key()) ? recipe_.weight_decay : 0);
      float* w = parameter.data_ptr<float>();
      float* m = momentum_.at(item.key()).data_ptr<float>();
      const float* g = gradient.data_ptr<float>();
      for (std::int64_t i = 0; i < parameter.numel(); ++i) {
        const float slope = scale * g[i] + decay * w[i];
        m[i] = mu * m[i] + slope;
        w[i] -= rate * (slope + mu * m[i]);
      }
    }
    if (!average_.empty()) average_.at(item.key()).lerp_(parameter, forget);
  }
}

NamedTensors zeros_like_weights(const Supernet& supernet) {
  NamedTensors zeros;
  for (const auto& item : supernet->named_parameters(/*recurse=*/false)) {
    zeros[item.key()] = torch::zeros(item.value().sizes());
  }
  return zeros;
}

}  // namespace enas4d
