#include <algorithm>
#include <chrono>

#include <torch/torch.h>

#include "eval/early_exit.h"
#include "eval/measure.h"

namespace enas4d {

namespace {

double seconds_for(const std::vector<torch::Tensor>& batches,
                   const std::function<void(const torch::Tensor&)>& use) {
  const auto begin = std::chrono::steady_clock::now();
  for (const torch::Tensor& batch : batches) use(batch);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// MACs an image that the policy really spends on `batches`, over those of the full network without
/// early heads.
double measured_macs_ratio(const Subnet& subnet, const Policy& policy,
                           const std::vector<torch::Tensor>& batches) {
  const ExitMacs macs = exit_macs(subnet.plan());
  double sum = 0;
  double images = 0;
  for (const torch::Tensor& batch : batches) {
    const auto count = static_cast<double>(batch.size(0));
    sum += count * average_macs(run_early_exit(subnet, policy, batch), policy, macs);
    images += count;
  }
  return sum / images / static_cast<double>(macs.alone.back());
}

/// All are held at once, so few where they are large, and whole batches, or all there are.
std::int64_t timed_images(const Plan& plan, const TimingOptions& options, std::int64_t available) {
  constexpr std::int64_t kMostFloats = 1 << 26;
  const std::int64_t floats = std::int64_t{plan.channels} * plan.resolution * plan.resolution;
  const std::int64_t most = std::min({options.images, available, kMostFloats / floats});
  const std::int64_t batch = std::min<std::int64_t>(options.batch, available);
  return std::max(batch, most - most % batch);
}

}  // namespace

Timing time_policy(const Subnet& subnet, const Policy& policy, const Dataset& data, Split split,
                   const TimingOptions& options) {
  const int stages = subnet.plan().stages;
  const std::int64_t images = timed_images(subnet.plan(), options, data.size(split));
  std::vector<torch::Tensor> batches;
  for_each_batch(data, split, subnet.plan().resolution, options.batch, images,
                 [&](std::int64_t, const torch::Tensor& batch) { batches.push_back(batch); });

  const auto run_policy = [&](const torch::Tensor& batch) {
    run_early_exit(subnet, policy, batch);
  };
  const auto run_to = [&](int exit) {
    return [&subnet, exit](const torch::Tensor& batch) { subnet.forward_fixed(batch, exit); };
  };
  Timing timing;
  timing.batch = static_cast<int>(std::min<std::int64_t>(options.batch, images));
  timing.macs_ratio = measured_macs_ratio(subnet, policy, batches);  // warms up, too
  std::vector<double> by_policy, ratios;
  std::vector<std::vector<double>> by_exit(static_cast<std::size_t>(stages));
  for (int round = 0; round < options.rounds; ++round) {
    by_policy.push_back(seconds_for(batches, run_policy));
    for (int s = 0; s < stages; ++s)
      by_exit[static_cast<std::size_t>(s)].push_back(seconds_for(batches, run_to(s)));
    ratios.push_back(by_policy.back() / by_exit.back().back());
  }
  const auto an_image = [&](const std::vector<double>& seconds) {
    return median(seconds) / static_cast<double>(images);
  };
  timing.policy_seconds = an_image(by_policy);
  for (const auto& seconds : by_exit) timing.exit_seconds.push_back(an_image(seconds));
  timing.full_seconds = timing.exit_seconds.back();
  timing.time_ratio = median(ratios);
  return timing;
}

}  // namespace enas4d
