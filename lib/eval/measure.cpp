#include "eval/measure.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "eval/early_exit.h"
#include "util/error.h"

namespace enas4d {

namespace {

constexpr std::int64_t kCalibrationBatch = 200;

}  // namespace

void require_fittable(const Dataset& data) {
  const auto& labels = data.labels(Split::kVal);
  if (std::adjacent_find(labels.begin(), labels.end(), std::not_equal_to<>()) != labels.end()) {
    return;
  }
  const auto& names = data.description().class_names;
  const auto label = static_cast<std::size_t>(labels.front());
  throw bad_input(data.description().name,
                  fmt::format("val holds images of one class only ('{}'): nothing can be fitted to "
                              "it",
                              names.empty() ? std::to_string(label) : names[label]));
}

Subnet extract_calibrated(const Supernet& supernet, const Plan& plan, const Dataset& data) {
  OneRank alone;
  return extract_calibrated(supernet, plan, data, alone);
}

namespace {

/// The calibration batches of this rank, one a call, then an undefined tensor.
std::function<torch::Tensor()> calibration_batches(const Dataset& data, int resolution,
                                                   const Ranks& ranks) {
  std::int64_t first = ranks.rank() * kCalibrationBatch;
  const std::int64_t step = ranks.size() * kCalibrationBatch;
  return [&data, resolution, first, step]() mutable -> torch::Tensor {
    const auto& indices = data.calibration();
    const auto total = static_cast<std::int64_t>(indices.size());
    if (first >= total) return {};
    const std::int64_t count = std::min(kCalibrationBatch, total - first);
    const auto batch = data.batch(Split::kTrain, indices.data() + first, count, resolution);
    first += step;
    return batch;
  };
}

}  // namespace

Subnet extract_calibrated(const Supernet& supernet, const Plan& plan, const Dataset& data,
                          Ranks& ranks) {
  Subnet subnet = extract(supernet, plan);
  subnet.calibrate(calibration_batches(data, plan.resolution, ranks),
                   [&](const torch::Tensor& sums) { ranks.sum(sums); });
  return subnet;
}

SubnetFamily calibrated_family(const Supernet& supernet, std::vector<Spec> specs,
                               const Dataset& data) {
  SubnetFamily family(supernet, std::move(specs));
  family.calibrate(calibration_batches(data, family.plan(0).resolution, OneRank()));
  return family;
}

void for_each_batch(const Dataset& data, Split split, int resolution, std::int64_t batch,
                    std::int64_t images,
                    const std::function<void(std::int64_t first, const torch::Tensor&)>& use) {
  const auto& indices = data.indices(split);
  for (std::int64_t first = 0; first < images; first += batch) {
    const std::int64_t count = std::min(batch, images - first);
    use(first, data.batch(split, indices.data() + first, count, resolution));
  }
}

namespace {

using UsePredictions =
    std::function<void(std::size_t stage, std::size_t first, const std::vector<Prediction>&)>;

using UseLogits =
    std::function<void(std::size_t stage, std::size_t first, const torch::Tensor& logits)>;

/// The logits of every exit for the images of a split, batch by batch; of the batches, each rank
/// runs its share.
void for_each_logits(const Subnet& subnet, const Dataset& data, Split split, const Ranks& ranks,
                     const UseLogits& use) {
  const auto& indices = data.indices(split);
  const std::int64_t images = data.size(split);
  for (std::int64_t first = ranks.rank() * kEvaluationBatch; first < images;
       first += ranks.size() * kEvaluationBatch) {
    const std::int64_t count = std::min<std::int64_t>(kEvaluationBatch, images - first);
    const Exits exits =
        subnet.forward(data.batch(split, indices.data() + first, count, subnet.plan().resolution));
    for (std::size_t s = 0; s < exits.logits.size(); ++s) {
      use(s, static_cast<std::size_t>(first), exits.logits[s]);
    }
  }
}

/// What every exit says of them.
void for_each_exit(const Subnet& subnet, const Dataset& data, Split split, const Ranks& ranks,
                   const UsePredictions& use) {
  for_each_logits(subnet, data, split, ranks,
                  [&](std::size_t stage, std::size_t first, const torch::Tensor& logits) {
                    use(stage, first, predict_rows(logits, static_cast<int>(stage)));
                  });
}

}  // namespace

namespace {

ExitTable::Exit empty_exit(std::size_t images) {
  ExitTable::Exit exit;
  exit.predicted.resize(images);
  for (auto& confidence : exit.confidence) confidence.resize(images);
  return exit;
}

void note(const std::vector<Prediction>& rows, std::size_t first, ExitTable::Exit& exit) {
  for (const Prediction& p : rows) {
    exit.predicted[first] = p.label;
    for (std::size_t c = 0; c < kConfidences; ++c) exit.confidence[c][first] = p.confidence[c];
    ++first;
  }
}

}  // namespace

ExitTable measure(const Subnet& subnet, const Dataset& data, Split split) {
  const Plan& plan = subnet.plan();
  ExitTable table{plan.classes, data.labels(split), {}};
  table.exits.resize(static_cast<std::size_t>(plan.stages), empty_exit(table.labels.size()));
  for_each_exit(subnet, data, split, OneRank(),
                [&](std::size_t stage, std::size_t first, const std::vector<Prediction>& rows) {
                  note(rows, first, table.exits[stage]);
                });
  return table;
}

std::vector<ExitTable> measure(const SubnetFamily& family, const Dataset& data, Split split) {
  const Plan& plan = family.plan(0);
  const auto& labels = data.labels(split);
  std::vector<ExitTable::Exit> exits(family.exits(), empty_exit(labels.size()));
  for_each_batch(data, split, plan.resolution, kEvaluationBatch, data.size(split),
                 [&](std::int64_t first, const torch::Tensor& images) {
                   const auto logits = family.forward(images);
                   for (std::size_t e = 0; e < exits.size(); ++e) {
                     note(predict_rows(logits[e], family.stage_of(e)),
                          static_cast<std::size_t>(first), exits[e]);
                   }
                 });
  std::vector<ExitTable> tables;
  for (std::size_t member = 0; member < family.size(); ++member) {
    ExitTable& table = tables.emplace_back(ExitTable{plan.classes, labels, {}});
    for (const std::size_t exit : family.exits_of(member)) table.exits.push_back(exits[exit]);
  }
  return tables;
}

std::vector<double> top_accuracies(const Subnet& subnet, const Dataset& data, Split split, int k) {
  const auto& labels = data.labels(split);
  std::vector<double> accuracies(static_cast<std::size_t>(subnet.plan().stages), 0.0);
  for_each_logits(subnet, data, split, OneRank(),
                  [&](std::size_t stage, std::size_t first, const torch::Tensor& logits) {
                    const auto top = std::get<1>(logits.topk(k, /*dim=*/1)).contiguous();
                    const auto* classes = top.data_ptr<std::int64_t>();
                    for (std::int64_t row = 0; row < top.size(0); ++row, classes += k) {
                      const std::int64_t label = labels[first + static_cast<std::size_t>(row)];
                      accuracies[stage] += std::count(classes, classes + k, label) > 0 ? 1 : 0;
                    }
                  });
  for (double& accuracy : accuracies) accuracy /= static_cast<double>(labels.size());
  return accuracies;
}

std::vector<double> exit_accuracies(const Subnet& subnet, const Dataset& data, Split split,
                                    Ranks& ranks) {
  const auto& labels = data.labels(split);
  const auto stages = static_cast<std::size_t>(subnet.plan().stages);
  std::vector<double> correct(stages + 1, 0.0);  // and in the end, how many ranks failed
  const auto count = [&](std::size_t stage, std::size_t row, const std::vector<Prediction>& rows) {
    for (const Prediction& p : rows) correct[stage] += p.label == labels[row++] ? 1 : 0;
  };
  std::string fault = "another rank's images gave a logit that is not finite";
  try {
    for_each_exit(subnet, data, split, ranks, count);
  } catch (const NotFinite& error) {  // the others wait for this rank's sums
    fault = error.what();
    correct.back() = 1;
  }
  correct = sum_over(ranks, std::move(correct));
  if (correct.back() > 0) throw NotFinite(fault);
  correct.pop_back();
  for (double& exit : correct) exit /= static_cast<double>(data.size(split));
  return correct;
}

}  // namespace enas4d
