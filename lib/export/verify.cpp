#include "export/verify.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <torch/torch.h>

#include "eval/measure.h"
#include "util/error.h"

namespace enas4d {
namespace {

constexpr double kTolerance = 1e-4;           ///< absolute, and relative to the logit
constexpr double kCloseMargin = 1e-3;         ///< of confidences
constexpr double kMostOtherDecisions = 1e-3;  ///< share of the images

/// The native answer to one batch, and whether float32 could decide each image otherwise.
struct Reference {
  int first_exit;  ///< stage of the first of `exits`: with a fixed exit there is no other
  std::vector<torch::Tensor> exits;
  EarlyExitRun run;
  std::vector<bool> close;
};

/// Marks the images whose decision at some exit on their way is a close one.
void mark_close(const Policy& policy, Reference& reference) {
  const auto measure = static_cast<std::size_t>(policy.confidence);
  for (std::size_t e = 0; e < reference.exits.size(); ++e) {
    const int stage = reference.first_exit + static_cast<int>(e);
    const auto rows = predict_rows(reference.exits[e], stage);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (stage > reference.run.exit[i]) continue;
      const auto& confidence = rows[i].confidence;
      const bool has_rival = stage == reference.run.exit[i] &&
                             confidence[static_cast<std::size_t>(Confidence::kMargin)] <
                                 static_cast<float>(kCloseMargin);
      const bool near_threshold =
          !policy.exit && e < policy.thresholds.size() &&
          std::abs(static_cast<double>(confidence[measure]) - policy.thresholds[e]) < kCloseMargin;
      if (has_rival || near_threshold) reference.close[i] = true;
    }
  }
}

Reference reference_of(const Subnet& subnet, const Policy& policy, const torch::Tensor& images) {
  Reference reference{policy.exit.value_or(0),
                      exit_logits(subnet, policy, images),
                      run_early_exit(subnet, policy, images),
                      {}};
  reference.close.resize(reference.run.exit.size());
  mark_close(policy, reference);
  return reference;
}

double largest_difference(const std::string& name, const Reference& reference,
                          const std::vector<torch::Tensor>& exits) {
  double largest = 0;
  if (exits.size() != reference.exits.size()) {
    throw failed(
        fmt::format("{}: must have {} exits, has {}", name, reference.exits.size(), exits.size()));
  }
  for (std::size_t e = 0; e < exits.size(); ++e) {
    const torch::Tensor difference = (exits[e] - reference.exits[e]).abs();
    const torch::Tensor allowed = kTolerance + kTolerance * reference.exits[e].abs();
    const double here = difference.max().item<double>();
    // Not the other way round: what is no number must fail, too.
    if (!(difference <= allowed).all().item<bool>()) {
      throw failed(
          fmt::format("{}: logits of exit {} must be those of the network within {} "
                      "absolute and relative, differ by {:.2g}: nothing is written",
                      name, reference.first_exit + static_cast<int>(e) + 1, kTolerance, here));
    }
    largest = std::max(largest, here);
  }
  return largest;
}

void compare_decisions(const Reference& reference, const EarlyExitRun& run, Agreement& agreement) {
  for (std::size_t i = 0; i < run.exit.size(); ++i) {
    if (run.exit[i] == reference.run.exit[i] && run.predicted[i] == reference.run.predicted[i]) {
      ++agreement.same_decisions;
    } else if (reference.close[i]) {
      ++agreement.close_decisions;
    }
  }
}

}  // namespace

Agreement verify(const std::string& name, const ExportedNetwork& exported, const Subnet& subnet,
                 const Policy& policy, const Dataset& data, std::int64_t images) {
  const torch::NoGradGuard no_grad;
  Agreement agreement;
  agreement.images = std::min(images, data.size(Split::kVal));
  for_each_batch(data, Split::kVal, subnet.plan().resolution, kEvaluationBatch, agreement.images,
                 [&](std::int64_t, const torch::Tensor& batch) {
                   const Reference reference = reference_of(subnet, policy, batch);
                   agreement.largest_difference =
                       std::max(agreement.largest_difference,
                                largest_difference(name, reference, exported.exits(batch)));
                   compare_decisions(reference, exported.run(batch), agreement);
                 });
  const std::int64_t others =
      agreement.images - agreement.same_decisions - agreement.close_decisions;
  if (static_cast<double>(others) > kMostOtherDecisions * static_cast<double>(agreement.images)) {
    throw failed(
        fmt::format("{}: {} of {} images leave elsewhere or with another class than in "
                    "the network: nothing is written",
                    name, others, agreement.images));
  }
  return agreement;
}

}  // namespace enas4d
