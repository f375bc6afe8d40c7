// Measuring what is shipped: exit tables of subnets, early exit as it really runs, and its time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "dist/ranks.h"
#include "nn/subnet.h"
#include "nn/subnet_family.h"
#include "nn/supernet.h"
#include "policy/exit_table.h"
#include "util/error.h"

namespace enas4d {

constexpr int kEvaluationBatch = 250;

/// A network answers with what is no number.
class NotFinite : public Error {
 public:
  explicit NotFinite(const std::string& reason) : Error(ExitStatus::kFailed, reason) {}
};

/// Extracts the spec's network and calibrates it on the data set's calibration images.
Subnet extract_calibrated(const Supernet& supernet, const Plan& plan, const Dataset& data);

/// The same on all ranks together: each runs its share of the calibration batches.
Subnet extract_calibrated(const Supernet& supernet, const Plan& plan, const Dataset& data,
                          Ranks& ranks);

/// The networks of specs of one resolution, calibrated together.
SubnetFamily calibrated_family(const Supernet& supernet, std::vector<Spec> specs,
                               const Dataset& data);

/// Every exit's answer on every image of a split. Throws NotFinite.
ExitTable measure(const Subnet& subnet, const Dataset& data, Split split);

/// The same of all members of a family, whose shared exits are computed once.
std::vector<ExitTable> measure(const SubnetFamily& family, const Dataset& data, Split split);

/// Per exit: the share of a split's images whose class is among the `k` largest logits.
std::vector<double> top_accuracies(const Subnet& subnet, const Dataset& data, Split split, int k);

/// The accuracy of every exit on a split, to which each rank adds its share of the images.
std::vector<double> exit_accuracies(const Subnet& subnet, const Dataset& data, Split split,
                                    Ranks& ranks);

/// What each image got from true early exit: a batch shrinks to the samples that go on.
struct EarlyExitRun {
  std::vector<std::int32_t> exit;       ///< per image, from 0
  std::vector<std::int32_t> predicted;  ///< per image
  std::vector<float> confidence;        ///< per image: the policy's measure, at its exit

  explicit EarlyExitRun(std::size_t images) : exit(images), predicted(images), confidence(images) {}
};

/// Runs one batch. Policies with a fixed exit run up to it, with its head only.
EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy,
                            const torch::Tensor& images);

/// Runs a whole split in batches of `batch`.
EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy, const Dataset& data,
                            Split split, int batch);

/// What a run gave, against the true classes. `exit_accuracy` stays empty: an image meets only the
/// exits on its way.
Outcome outcome_of(const EarlyExitRun& run, const Policy& policy,
                   const std::vector<std::int32_t>& labels, const ExitMacs& macs);

/// MACs an image, on average.
double average_macs(const EarlyExitRun& run, const Policy& policy, const ExitMacs& macs);

/// The first `images` images of a split after the evaluation transform, batch by batch.
void for_each_batch(const Dataset& data, Split split, int resolution, std::int64_t batch,
                    std::int64_t images,
                    const std::function<void(std::int64_t first, const torch::Tensor&)>& use);

struct TimingOptions {
  int batch = 64;
  int rounds = 7;  ///< policy and exits alternate, so that the machine's noise hits all alike
  std::int64_t images = 2048;
};

/// Wall-clock seconds an image, medians over rounds.
struct Timing {
  int batch = 0;
  double policy_seconds = 0;         ///< true early exit
  double full_seconds = 0;           ///< all stages, fastest path, no early heads
  std::vector<double> exit_seconds;  ///< fixed exit at each stage
  double time_ratio = 0;             ///< policy / full, median of the rounds' ratios
  double macs_ratio =
      0;  ///< the policy's average MACs on these images / the full network's, no early heads
};
Timing time_policy(const Subnet& subnet, const Policy& policy, const Dataset& data, Split split,
                   const TimingOptions& options);

}  // namespace enas4d
