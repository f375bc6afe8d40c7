#include "eval/depth_exits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/space.h"
#include "eval/measure.h"
#include "util/rng.h"

namespace enas4d {

namespace {

/// Of every image of a split: what each unit ends with, and the logits of the network's last exit.
struct Features {
  std::vector<torch::Tensor> units;  ///< N x C each
  torch::Tensor logits;              ///< N x classes
  torch::Tensor labels;              ///< N
};

Features features_of(const Subnet& subnet, const Dataset& data, Split split) {
  std::vector<std::vector<torch::Tensor>> units;
  std::vector<torch::Tensor> logits;
  for_each_batch(data, split, subnet.plan().resolution, kEvaluationBatch, data.size(split),
                 [&](std::int64_t, const torch::Tensor& images) {
                   const auto means = subnet.unit_means(images);
                   units.resize(means.size());
                   for (std::size_t u = 0; u < means.size(); ++u) units[u].push_back(means[u]);
                   logits.push_back(subnet.forward_fixed(images, subnet.plan().stages - 1));
                 });
  const auto& labels = data.labels(split);
  Features features;
  for (const auto& batches : units) features.units.push_back(torch::cat(batches).clone());
  features.logits = torch::cat(logits);
  features.labels = torch::tensor(labels).to(torch::kLong);
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

ExitTable::Exit exit_of_logits(const torch::Tensor& logits) {
  const torch::Tensor rows = logits.contiguous();
  const auto classes = static_cast<int>(rows.size(1));
  ExitTable::Exit exit;
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const Prediction prediction = predict(rows.data_ptr<float>() + i * classes, classes);
    exit.predicted.push_back(prediction.label);
    for (std::size_t c = 0; c < kConfidences; ++c) {
      exit.confidence[c].push_back(prediction.confidence[c]);
    }
  }
  return exit;
}

/// The trunk up to each of the last units, with the classifiers on the way.
ExitMacs macs_of(const Plan& plan, const Features& features, std::size_t first_unit) {
  ExitMacs macs;
  std::int64_t heads = 0;
  for (std::size_t unit = first_unit; unit < features.units.size(); ++unit) {
    std::int64_t trunk = 0;
    for (const Layer& layer : plan.layers) {
      if (layer.unit <= static_cast<int>(unit)) trunk += enas4d::macs(layer);
    }
    const std::int64_t head = features.units[unit].size(1) * plan.classes;
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

DepthExits depth_exits(const Subnet& subnet, const Dataset& data, std::uint64_t seed) {
  const Plan& plan = subnet.plan();
  const Features train = features_of(subnet, data, Split::kTrain);
  const Features val = features_of(subnet, data, Split::kVal);
  const Features test = features_of(subnet, data, Split::kTest);
  // The network's own head is the last exit. The last unit is left out: so close to it, it saves
  // next to nothing.
  const std::size_t units = train.units.size() - 1;
  const std::size_t first = units - std::min<std::size_t>(units, kMaxStages - 1);
  DepthExits result{{},
                    {plan.classes, data.labels(Split::kVal), {}},
                    {plan.classes, data.labels(Split::kTest), {}}};
  Features shown = train;
  shown.units.pop_back();
  result.macs = macs_of(plan, shown, first);
  for (std::size_t unit = first; unit < units; ++unit) {
    Rng rng(seed, {unit});
    const Classifier classifier(train.units[unit], train.labels, plan.classes, rng);
    result.val.exits.push_back(exit_of_logits(classifier.logits(val.units[unit])));
    result.test.exits.push_back(exit_of_logits(classifier.logits(test.units[unit])));
  }
  result.val.exits.push_back(exit_of_logits(val.logits));
  result.test.exits.push_back(exit_of_logits(test.logits));
  return result;
}

}  // namespace enas4d
