// Measuring what is shipped: exit tables of subnets, and the time that they take.
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

namespace enas4d {

constexpr int kEvaluationBatch = 250;

/// Throws Error (bad input) if all images of val are of one class: whatever says always that looks
/// perfect, and nothing can be fitted to it.
void require_fittable(const Dataset& data);

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

/// The accuracy of every exit on a split, to which each rank adds its share of the images. Throws
/// NotFinite, and then on every rank.
std::vector<double> exit_accuracies(const Subnet& subnet, const Dataset& data, Split split,
                                    Ranks& ranks);

/// The first `images` images of a split after the evaluation transform, batch by batch.
void for_each_batch(const Dataset& data, Split split, int resolution, std::int64_t batch,
                    std::int64_t images,
                    const std::function<void(std::int64_t first, const torch::Tensor&)>& use);

struct TimingOptions {
  int batch = 64;
  int rounds = 7;  ///< policy and exits alternate, so that the machine's noise hits all alike
  std::int64_t images = 2048;  ///< at most
};

/// Wall-clock seconds an image, medians over rounds.
struct Timing {
  int batch = 0;                     ///< less than asked for if there are no more images
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
