// What exit tables tell beyond accuracy and cost: how far confidences can be believed, what a class
// gets, how sure the figures are, and the two ends between which every policy lies.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/exit_table.h"
#include "util/json.h"

namespace enas4d {

/// Expected calibration error of one exit (Guo et al. 2017, section 2): the mean distance between
/// max_softmax and accuracy over `bins` equal bins of confidence, weighted by their images.
double calibration_error(const ExitTable& table, int stage, int bins = 15);

/// What a policy does on the images of one class.
struct ClassOutcome {
  std::int64_t images = 0;  ///< with this label
  double accuracy = 0;      ///< 0 where there is no image
  std::vector<double> exit_share;
};
std::vector<ClassOutcome> class_outcomes(const Policy& policy, const ExitTable& table);

/// A 95 % interval.
struct Interval {
  double low = 0, high = 0;
};

/// Of a policy's accuracy and average MACs over resampled images: percentile bootstrap (Efron) with
/// `resamples` draws.
struct OutcomeIntervals {
  Interval accuracy, average_macs;
};
OutcomeIntervals bootstrap(const Policy& policy, const ExitTable& table, const ExitMacs& macs,
                           std::uint64_t seed, int resamples = 1000);

/// Where the average MACs of a policy on other images should lie, if they are alike: around what it
/// cost where it was fitted, with the sampling error of both sets, whose exit shares it pools (the
/// two-sample z test). Needs of both outcomes images, exit shares and average MACs.
Interval transferred_macs(const Outcome& fitted, const Outcome& other, const Policy& policy,
                          const ExitMacs& macs);

/// Each image leaves at the first exit that knows it, at the first of all if none does: no policy
/// on these exits is more accurate, and none with thresholds that is so accurate costs less.
Outcome oracle(const ExitTable& table, const ExitMacs& macs);

/// What is expected where as many images leave at each exit as in `outcome`, but any: what
/// confidence is worth.
Outcome random_exits(const Outcome& outcome, const ExitMacs& macs);

}  // namespace enas4d
