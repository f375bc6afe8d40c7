// Figures of training: the step as train.cpp makes it, beside SGEMM and beside a step in the
// obvious way.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/sample.h"
#include "bench/figures.h"
#include "bench/operation_times.h"
#include "bench/reference_network.h"
#include "nn/supernet.h"
#include "train/loss.h"
#include "train/schedule.h"
#include "train/sgd.h"
#include "train/step_gradients.h"
#include "util/cpu.h"

namespace enas4d {
namespace {

const LossOptions kLoss = {0.1, 1, {}};

/// As the shipped recipes have it: up to four threads take a part of the batch each.
Recipe bench_recipe(int batch) {
  Recipe recipe;
  recipe.batch = batch;
  recipe.norm_batch = std::min(batch / 2, 32);
  recipe.label_smoothing = kLoss.label_smoothing;
  return recipe;
}

/// A training step without data and ranks.
class Step {
 public:
  explicit Step(int batch = kBatch)
      : recipe_(bench_recipe(batch)),
        space_(cifar10_space()),
        supernet_(space_, 1),
        gradients_(supernet_, recipe_, 1, batch),
        sgd_(supernet_, recipe_, zeros_like_weights(supernet_), {}) {
    lesson_.batch = {random_batch(space_, batch), torch::arange(batch) % space_.classes};
  }

  const Space& space() const { return space_; }

  void run(const std::vector<StepSubnet>& subnets) {
    sgd_.clear();
    lesson_.subnets = subnets;
    gradients_.add(lesson_);
    sgd_.update(1e-4, sgd_.gradient_norm(), 0);
  }

 private:
  const Recipe recipe_;
  Space space_;
  Supernet supernet_;
  StepGradients gradients_;
  Sgd sgd_;
  Lesson lesson_;
};

double forward_gmacs(const Space& space, const std::vector<StepSubnet>& subnets) {
  double sum = 0;
  for (const StepSubnet& subnet : subnets)
    sum += static_cast<double>(exit_macs(lower(space, subnet.spec)).full());
  return sum * kBatch * 1e-9;
}

/// A training step counts three times its forward MACs.
double training_gmacs_per_second(Step& step, const std::vector<StepSubnet>& subnets, int rounds) {
  step.run(subnets);
  return 3 * forward_gmacs(step.space(), subnets) /
         best_seconds(rounds, [&] { step.run(subnets); });
}

std::vector<StepSubnet> largest_alone(const Space& space) {
  return {{largest(space), true}};
}

std::vector<StepSubnet> sandwich(const Space& space) {
  return step_subnets(space, Phase{}, 1, 0);
}

/// A step of the largest network in the obvious way.
class ReferenceStep {
 public:
  explicit ReferenceStep(torch::MemoryFormat layout)
      : space_(cifar10_space()),
        network_(lower(space_, largest(space_)), layout),
        optimizer_(network_->parameters(),
                   torch::optim::SGDOptions(1e-4).momentum(0.9).nesterov(true).weight_decay(3e-5)),
        images_(random_batch(space_, kBatch).contiguous(layout)),
        labels_(torch::arange(kBatch) % space_.classes) {}

  void run() {
    optimizer_.zero_grad();
    teacher_loss(network_->forward(images_), labels_, kLoss).backward();
    torch::nn::utils::clip_grad_norm_(network_->parameters(), 2.0);
    optimizer_.step();
  }

 private:
  Space space_;
  ReferenceNetwork network_;
  torch::optim::SGD optimizer_;
  torch::Tensor images_, labels_;
};

}  // namespace

int bench_train_largest() {
  const double sgemm = sgemm_gmacs();
  Step step;
  const double rate = training_gmacs_per_second(step, largest_alone(step.space()), 5);
  print_figure("train", "largest_gmacs", rounded(rate), "GMAC/s");
  print_figure("train", "largest_sgemm_ratio", rounded(rate / sgemm), "ratio");
  return 0;
}

int bench_train_sandwich() {
  const double sgemm = sgemm_gmacs();
  Step step;
  const auto family = sandwich(step.space());
  const double rate = training_gmacs_per_second(step, family, 5);
  print_figure("train", "sgemm_ratio", rounded(rate / sgemm), "ratio");
  const double seconds = 3 * forward_gmacs(step.space(), family) / rate;
  print_figure("train", "images_per_second", rounded(kBatch / seconds), "images/s");
  print_figure("train", "peak_mib", rounded(peak_memory_mib()), "MiB");
  return 0;
}

/// Ours and the reference by turns, channels-last and with the same allocator.
int bench_train_reference() {
  Step step;
  ReferenceStep reference(torch::MemoryFormat::ChannelsLast);
  const auto family = largest_alone(step.space());
  step.run(family);
  reference.run();
  double ours = INFINITY, plain = INFINITY;
  for (int i = 0; i < 5; ++i) {
    ours = std::min(ours, best_seconds(1, [&] { step.run(family); }));
    plain = std::min(plain, best_seconds(1, [&] { reference.run(); }));
  }
  print_figure("train", "largest_images_per_second", rounded(kBatch / ours), "images/s");
  print_figure("train", "plain_images_per_second", rounded(kBatch / plain), "images/s");
  print_figure("train", "plain_ratio", rounded(plain / ours), "ratio");
  return 0;
}

/// The reference as a beginner gets it: NCHW, and the allocator that this program is linked with.
int bench_train_naive() {
  ReferenceStep reference(torch::MemoryFormat::Contiguous);
  reference.run();
  const double seconds = best_seconds(2, [&] { reference.run(); });
  print_figure("train", "naive_images_per_second", rounded(kBatch / seconds), "images/s");
  return 0;
}

/// Where the time of a sandwich step goes, by operation, without the operations inside it.
int bench_train_operations() {
  constexpr std::size_t kRows = 14;
  Step step;
  const auto family = sandwich(step.space());
  step.run(family);
  const OperationTimes times = operation_times([&] { step.run(family); });
  double listed = 0;
  for (std::size_t i = 0; i < std::min(kRows, times.operations.size()); ++i) {
    const auto& [name, seconds] = times.operations[i];
    listed += seconds;
    print_figure("train", "share:" + name, rounded(100 * seconds / times.whole), "%");
  }
  print_figure("train", "share:other", rounded(100 * (1 - listed / times.whole)), "%");
  return 0;
}

/// What an image and a multiply-accumulate cost as batch and network grow.
int bench_train_sweep() {
  for (const int batch : {32, 64, 128, 256}) {
    Step step(batch);
    const auto family = largest_alone(step.space());
    step.run(family);
    const double seconds = best_seconds(3, [&] { step.run(family); });
    print_figure("train", "largest_us_per_image_at_batch_" + std::to_string(batch),
                 rounded(1e6 * seconds / batch), "us");
  }
  Step step;
  const Space& space = step.space();
  Rng rng(1);
  const Spec specs[] = {smallest(space), uniform(space, rng), largest(space)};
  for (const Spec& spec : specs) {
    const std::vector<StepSubnet> one = {{spec, true}};
    const double rate = training_gmacs_per_second(step, one, 3);
    const double macs = forward_gmacs(space, one) * 1e9 / kBatch;
    print_figure("train", fmt::format("ps_per_mac_at_{:.1f}_mmacs", macs * 1e-6),
                 rounded(1e3 / rate), "ps");
  }
  return 0;
}

}  // namespace enas4d
