#include "eval/measure.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "nn/slices.h"
#include "util/error.h"

namespace enas4d {

namespace {

constexpr std::int64_t kCalibrationBatch = 200;

/// What one stage says of the rows of a batch.
std::vector<Prediction> predict_rows(const torch::Tensor& logits, int stage) {
  const torch::Tensor rows = logits.contiguous();
  const auto classes = static_cast<int>(rows.size(1));
  const float* data = rows.data_ptr<float>();
  std::vector<Prediction> result;
  result.reserve(static_cast<std::size_t>(rows.size(0)));
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const float* row = data + i * classes;
    if (!std::all_of(row, row + classes, [](float x) { return std::isfinite(x); })) {
      throw NotFinite(fmt::format("exit {} gave a logit that is not finite", stage + 1));
    }
    result.push_back(predict(row, classes));
  }
  return result;
}

bool leaves(const Policy& policy, const Prediction& prediction, std::size_t stage) {
  const auto measure_index = static_cast<std::size_t>(policy.confidence);
  return static_cast<double>(prediction.confidence[measure_index]) >= policy.thresholds[stage];
}

/// What early exit gives for some images, written at `first` of the run.
void exit_early_slice(const Subnet& subnet, const Policy& policy, const torch::Tensor& images,
                      std::size_t first, EarlyExitRun& result) {
  const auto count = static_cast<std::size_t>(images.size(0));
  const auto settle = [&](std::size_t row, int stage, const Prediction& prediction) {
    result.exit[first + row] = stage;
    result.predicted[first + row] = prediction.label;
    result.confidence[first + row] =
        prediction.confidence[static_cast<std::size_t>(policy.confidence)];
  };
  if (policy.exit) {
    const auto predictions = predict_rows(subnet.forward_fixed(images, *policy.exit), *policy.exit);
    for (std::size_t i = 0; i < count; ++i) settle(i, *policy.exit, predictions[i]);
    return;
  }
  std::vector<std::size_t> rows(count);  // which images of the batch are still on their way
  for (std::size_t i = 0; i < count; ++i) rows[i] = i;
  Subnet::Run run(subnet, images);
  const int last = subnet.plan().stages - 1;
  for (int stage = 0; !rows.empty(); ++stage) {
    const auto predictions = predict_rows(run.next_stage(), stage);
    std::vector<std::size_t> staying;
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (stage == last || leaves(policy, predictions[i], static_cast<std::size_t>(stage))) {
        settle(rows[i], stage, predictions[i]);
      } else {
        staying.push_back(rows[i]);
        kept.push_back(static_cast<std::int64_t>(i));
      }
    }
    if (!kept.empty() && kept.size() < rows.size()) run.keep(torch::tensor(kept, torch::kLong));
    rows = std::move(staying);
  }
}

/// The same for a batch, whose parts shrink each on a thread of its own.
void exit_early(const Subnet& subnet, const Policy& policy, const torch::Tensor& images,
                std::size_t first, EarlyExitRun& result) {
  for_each_slice(images, [&](std::int64_t offset, const torch::Tensor& slice) {
    exit_early_slice(subnet, policy, slice, first + static_cast<std::size_t>(offset), result);
  });
}

}  // namespace

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
  std::vector<double> correct(static_cast<std::size_t>(subnet.plan().stages), 0.0);
  const auto count = [&](std::size_t stage, std::size_t row, const std::vector<Prediction>& rows) {
    for (const Prediction& p : rows) correct[stage] += p.label == labels[row++] ? 1 : 0;
  };
  for_each_exit(subnet, data, split, ranks, count);
  correct = sum_over(ranks, std::move(correct));
  for (double& exit : correct) exit /= static_cast<double>(data.size(split));
  return correct;
}

EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy, const Dataset& data,
                            Split split, int batch) {
  EarlyExitRun result(static_cast<std::size_t>(data.size(split)));
  for_each_batch(data, split, subnet.plan().resolution, batch, data.size(split),
                 [&](std::int64_t first, const torch::Tensor& images) {
                   exit_early(subnet, policy, images, static_cast<std::size_t>(first), result);
                 });
  return result;
}

EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy,
                            const torch::Tensor& images) {
  EarlyExitRun result(static_cast<std::size_t>(images.size(0)));
  exit_early(subnet, policy, images, 0, result);
  return result;
}

double average_macs(const EarlyExitRun& run, const Policy& policy, const ExitMacs& macs) {
  const auto& costs = policy.exit ? macs.alone : macs.cumulative;
  double sum = 0;
  for (const std::int32_t stage : run.exit)
    sum += static_cast<double>(costs[static_cast<std::size_t>(stage)]);
  return sum / static_cast<double>(run.exit.size());
}

Outcome outcome_of(const EarlyExitRun& run, const Policy& policy,
                   const std::vector<std::int32_t>& labels, const ExitMacs& macs) {
  const std::size_t stages = macs.cumulative.size();
  std::vector<std::int64_t> left(stages, 0);
  std::vector<std::int64_t> right(stages, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto stage = static_cast<std::size_t>(run.exit[i]);
    ++left[stage];
    if (run.predicted[i] == labels[i]) ++right[stage];
  }
  Outcome outcome;
  outcome.images = static_cast<std::int64_t>(labels.size());
  const auto images = static_cast<double>(labels.size());
  std::int64_t correct = 0;
  for (std::size_t s = 0; s < stages; ++s) {
    correct += right[s];
    outcome.exit_share.push_back(static_cast<double>(left[s]) / images);
  }
  outcome.accuracy = static_cast<double>(correct) / images;
  outcome.average_macs = average_macs(run, policy, macs);
  return outcome;
}

}  // namespace enas4d
