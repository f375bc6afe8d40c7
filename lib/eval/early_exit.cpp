#include "eval/early_exit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "eval/measure.h"
#include "nn/slices.h"

namespace enas4d {

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

namespace {

/// The stages of a subnet, one after the other.
class SubnetBatch : public StagedBatch {
 public:
  SubnetBatch(const Subnet& subnet, const torch::Tensor& images) : run_(subnet, images) {}

  torch::Tensor next_stage() override { return run_.next_stage(); }
  void keep(const torch::Tensor& rows) override { run_.keep(rows); }

 private:
  Subnet::Run run_;
};

/// All stages up to a fixed exit in one go, with its head only.
class FixedExitBatch : public StagedBatch {
 public:
  FixedExitBatch(const Subnet& subnet, torch::Tensor images, int exit)
      : subnet_(subnet), images_(std::move(images)), exit_(exit) {}

  torch::Tensor next_stage() override { return subnet_.forward_fixed(images_, exit_); }
  void keep(const torch::Tensor&) override { assert(false); }

 private:
  const Subnet& subnet_;
  torch::Tensor images_;
  int exit_;
};

/// What early exit gives for some images, written at `first` of the run.
void exit_early_slice(const Subnet& subnet, const Policy& policy, const torch::Tensor& images,
                      std::size_t first, EarlyExitRun& result) {
  const auto count = static_cast<std::size_t>(images.size(0));
  if (policy.exit) {
    FixedExitBatch batch(subnet, images, *policy.exit);
    exit_early(batch, policy, subnet.plan().stages, first, count, result);
  } else {
    SubnetBatch batch(subnet, images);
    exit_early(batch, policy, subnet.plan().stages, first, count, result);
  }
}

}  // namespace

void exit_early(StagedBatch& batch, const Policy& policy, int stages, std::size_t first,
                std::size_t count, EarlyExitRun& result) {
  std::vector<std::size_t> rows(count);  // which images of the batch are still on their way
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const int last = policy.exit.value_or(stages - 1);
  const auto measure_index = static_cast<std::size_t>(policy.confidence);
  for (int stage = policy.exit.value_or(0); !rows.empty(); ++stage) {
    const auto predictions = predict_rows(batch.next_stage(), stage);
    std::vector<std::size_t> staying;
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const float confidence = predictions[i].confidence[measure_index];
      if (stage == last || leaves(policy, stage, confidence)) {
        const std::size_t image = first + rows[i];
        result.exit[image] = stage;
        result.predicted[image] = predictions[i].label;
        result.confidence[image] = confidence;
      } else {
        staying.push_back(rows[i]);
        kept.push_back(static_cast<std::int64_t>(i));
      }
    }
    if (!kept.empty() && kept.size() < rows.size()) batch.keep(torch::tensor(kept, torch::kLong));
    rows = std::move(staying);
  }
}

std::vector<torch::Tensor> exit_logits(const Subnet& subnet, const Policy& policy,
                                       const torch::Tensor& images) {
  if (policy.exit) return {subnet.forward_fixed(images, *policy.exit)};
  return subnet.forward(images).logits;
}

EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy,
                            const torch::Tensor& images) {
  EarlyExitRun result(static_cast<std::size_t>(images.size(0)));
  // Each part of the batch shrinks on a thread of its own.
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    exit_early_slice(subnet, policy, slice, static_cast<std::size_t>(first), result);
  });
  return result;
}

EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy, const Dataset& data,
                            Split split, int batch) {
  EarlyExitRun result(static_cast<std::size_t>(data.size(split)));
  for_each_batch(data, split, subnet.plan().resolution, batch, data.size(split),
                 [&](std::int64_t first, const torch::Tensor& images) {
                   for_each_slice(images, [&](std::int64_t offset, const torch::Tensor& slice) {
                     exit_early_slice(subnet, policy, slice,
                                      static_cast<std::size_t>(first + offset), result);
                   });
                 });
  return result;
}

double average_macs(const EarlyExitRun& run, const Policy& policy, const ExitMacs& macs) {
  const auto& costs = costs_of(policy, macs);
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
