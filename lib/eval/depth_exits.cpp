#include "eval/depth_exits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/space.h"
#include "eval/early_exit.h"
#include "eval/measure.h"
#include "util/rng.h"

namespace enas4d {

namespace {

/// Of every image of a split, what each unit ends with: N x C each.
using Features = std::vector<torch::Tensor>;

Features features_of(const Subnet& subnet, const Dataset& data, Split split) {
  std::vector<std::vector<torch::Tensor>> units;
  for_each_batch(data, split, subnet.plan().resolution, kEvaluationBatch, data.size(split),
                 [&](std::int64_t, const torch::Tensor& images) {
                   const auto means = subnet.unit_means(images);
                   units.resize(means.size());
                   for (std::size_t u = 0; u < means.size(); ++u) units[u].push_back(means[u]);
                 });
  Features features;
  for (const auto& batches : units) features.push_back(torch::cat(batches).clone());
  return features;
}

/// Softmax regression on standardised features.
class Classifier {
 public:
  Classifier(const torch::Tensor& features, const torch::Tensor& labels, int classes, Rng& rng)
      : mean_(features.mean(0)), deviation_(features.std(0).clamp_min(1e-6)) {
    weight_ = torch::zeros({features.size(1), classes}, torch::requires_grad());
    bias_ = torch::zeros({classes}, torch::requires_grad());
    train((features - mean_) / deviation_, labels, rng);
  }

  torch::Tensor logits(const torch::Tensor& features) const {
    const torch::NoGradGuard no_grad;
    return (features - mean_).div(deviation_).matmul(weight_) + bias_;
  }

 private:
  void train(const torch::Tensor& x, const torch::Tensor& labels, Rng& rng) {
    constexpr int kEpochs = 30;
    constexpr std::int64_t kBatch = 256;
    torch::optim::Adam adam({weight_, bias_}, torch::optim::AdamOptions(3e-3).weight_decay(1e-5));
    std::vector<std::int64_t> order(static_cast<std::size_t>(x.size(0)));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      for (auto& group : adam.param_groups())
        static_cast<torch::optim::AdamOptions&>(group.options())
            .lr(3e-3 * (1 - epoch / double{kEpochs}));
      rng.shuffle(order);
      const torch::Tensor shuffled = torch::tensor(order);
      for (std::int64_t first = 0; first < x.size(0); first += kBatch) {
        const auto rows = shuffled.narrow(0, first, std::min(kBatch, x.size(0) - first));
        const auto logits = x.index_select(0, rows).matmul(weight_) + bias_;
        adam.zero_grad();
        torch::cross_entropy_loss(logits, labels.index_select(0, rows)).backward();
        adam.step();
      }
    }
  }

  torch::Tensor mean_, deviation_, weight_, bias_;
};

ExitTable::Exit exit_of_logits(const torch::Tensor& logits, int stage) {
  ExitTable::Exit exit;
  for (const Prediction& prediction : predict_rows(logits, stage)) {
    exit.predicted.push_back(prediction.label);
    for (std::size_t c = 0; c < kConfidences; ++c) {
      exit.confidence[c].push_back(prediction.confidence[c]);
    }
  }
  return exit;
}

/// The trunk up to each of the units [first, last), with the classifiers on the way.
ExitMacs macs_of(const Plan& plan, const Features& features, std::size_t first, std::size_t last) {
  ExitMacs macs;
  std::int64_t heads = 0;
  for (std::size_t unit = first; unit < last; ++unit) {
    std::int64_t trunk = 0;
    for (const Layer& layer : plan.layers) {
      if (layer.unit <= static_cast<int>(unit)) trunk += enas4d::macs(layer);
    }
    const std::int64_t head = features[unit].size(1) * plan.classes;
    heads += head;
    macs.cumulative.push_back(trunk + heads);
    macs.alone.push_back(trunk + head);
  }
  const std::int64_t whole = exit_macs(plan).alone.back();
  macs.cumulative.push_back(whole + heads);
  macs.alone.push_back(whole);
  return macs;
}

}  // namespace

DepthExits depth_exits(const Subnet& subnet, const Dataset& data, Split split, std::uint64_t seed) {
  const Plan& plan = subnet.plan();
  const Features train = features_of(subnet, data, Split::kTrain);
  const torch::Tensor labels = torch::tensor(data.labels(Split::kTrain)).to(torch::kLong);
  // The network's own head is the last exit. The last unit is left out: so close to it, it saves
  // next to nothing.
  const std::size_t units = train.size() - 1;
  const std::size_t first = units - std::min<std::size_t>(units, kMaxStages - 1);
  std::vector<Classifier> classifiers;
  for (std::size_t unit = first; unit < units; ++unit) {
    Rng rng(seed, {unit});
    classifiers.emplace_back(train[unit], labels, plan.classes, rng);
  }
  const auto table_of = [&](Split of) {
    const Features features = features_of(subnet, data, of);
    ExitTable table{plan.classes, data.labels(of), {}};
    for (std::size_t unit = first; unit < units; ++unit) {
      const auto exit = unit - first;
      table.exits.push_back(
          exit_of_logits(classifiers[exit].logits(features[unit]), static_cast<int>(exit)));
    }
    table.exits.push_back(measure(subnet, data, of).exits.back());
    return table;
  };
  DepthExits result{macs_of(plan, train, first, units), table_of(Split::kVal), {}};
  result.measured = split == Split::kVal ? result.val : table_of(split);
  return result;
}

}  // namespace enas4d
