#include "nn/calibration.h"

#include <torch/torch.h>

namespace enas4d {

PooledStatistics::PooledStatistics(const Plan& plan, const LayerRange& layers) {
  const auto for_each_norm = [&](auto&& use) {
    for (std::size_t l = layers.first; l < layers.last; ++l) {
      if (has_norm(plan.layers[l].role)) use(plan.layers[l]);
    }
  };
  std::int64_t size = 1;
  for_each_norm([&](const Layer& layer) { size += 2 * layer.out_channels; });
  sums_ = torch::zeros({size}, torch::kDouble);
  std::int64_t first = 1;
  for_each_norm([&](const Layer& layer) {
    norms_[layer_name(layer)] = sums_.narrow(0, first, 2 * layer.out_channels).view({2, -1});
    first += 2 * layer.out_channels;
  });
}

void PooledStatistics::count(std::int64_t images) {
  batch_ = static_cast<double>(images);
  sums_[0] += batch_;
}

void PooledStatistics::add(const std::string& norm, const NormedBatch& seen) {
  const auto mean = seen.mean.to(torch::kDouble);
  norms_.at(norm) += batch_ * torch::stack({mean, seen.var.to(torch::kDouble) + mean * mean});
}

void PooledStatistics::write(NamedTensors& weights) const {
  for (const auto& [name, sums] : norms_) {
    const auto means = sums / sums_[0];
    weights[name + "_norm_mean"] = means[0].to(torch::kFloat);
    weights[name + "_norm_var"] = (means[1] - means[0] * means[0]).clamp_min(0).to(torch::kFloat);
  }
}

}  // namespace enas4d
