#include "policy/report.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "util/rng.h"

namespace enas4d {
namespace {

constexpr double kNormal95 = 1.959964;

std::size_t index_of(int stage) {
  return static_cast<std::size_t>(stage);
}

/// The middle 95 % of some draws.
Interval middle_of(std::vector<double> draws) {
  std::sort(draws.begin(), draws.end());
  const auto last = static_cast<double>(draws.size() - 1);
  return {draws[static_cast<std::size_t>(std::lround(0.025 * last))],
          draws[static_cast<std::size_t>(std::lround(0.975 * last))]};
}

}  // namespace

double calibration_error(const ExitTable& table, int stage, int bins) {
  struct Bin {
    double images = 0, confidence = 0, correct = 0;
  };
  std::vector<Bin> all(index_of(bins));
  const std::vector<float>& confidences = table.confidences(stage, Confidence::kMaxSoftmax);
  for (std::int64_t image = 0; image < table.images(); ++image) {
    const double confidence = confidences[static_cast<std::size_t>(image)];
    // Bins are (i/n, (i+1)/n], as in the paper.
    const int bin = std::clamp(static_cast<int>(std::ceil(confidence * bins)) - 1, 0, bins - 1);
    Bin& own = all[index_of(bin)];
    own.images += 1;
    own.confidence += confidence;
    own.correct += table.correct(stage, image) ? 1 : 0;
  }
  double sum = 0;
  for (const Bin& bin : all) sum += std::abs(bin.confidence - bin.correct);
  return sum / static_cast<double>(table.images());
}

std::vector<ClassOutcome> class_outcomes(const Policy& policy, const ExitTable& table) {
  std::vector<ClassOutcome> classes(index_of(table.classes));
  for (ClassOutcome& one : classes) one.exit_share.resize(table.exits.size());
  for (std::int64_t image = 0; image < table.images(); ++image) {
    ClassOutcome& own = classes[index_of(table.labels[static_cast<std::size_t>(image)])];
    const int exit = exit_of(policy, table, image);
    ++own.images;
    own.accuracy += table.correct(exit, image) ? 1 : 0;
    own.exit_share[index_of(exit)] += 1;
  }
  for (ClassOutcome& one : classes) {
    if (one.images == 0) continue;
    const auto images = static_cast<double>(one.images);
    one.accuracy /= images;
    for (double& share : one.exit_share) share /= images;
  }
  return classes;
}

OutcomeIntervals bootstrap(const Policy& policy, const ExitTable& table, const ExitMacs& macs,
                           std::uint64_t seed, int resamples) {
  // An image is its exit and whether that is right: a draw of all images is a draw of counts.
  const std::size_t stages = table.exits.size();
  std::vector<std::size_t> kinds;
  for (std::int64_t image = 0; image < table.images(); ++image) {
    const int exit = exit_of(policy, table, image);
    kinds.push_back(2 * index_of(exit) + (table.correct(exit, image) ? 1 : 0));
  }
  const auto images = static_cast<double>(kinds.size());
  std::vector<double> accuracies, costs;
  for (int draw = 0; draw < resamples; ++draw) {
    Rng rng(seed, {static_cast<std::uint64_t>(draw)});
    std::vector<std::int64_t> counts(2 * stages, 0);
    for (std::size_t i = 0; i < kinds.size(); ++i) ++counts[rng.pick(kinds)];
    double correct = 0, cost = 0;
    for (std::size_t s = 0; s < stages; ++s) {
      correct += static_cast<double>(counts[2 * s + 1]);
      cost += static_cast<double>(costs_of(policy, macs)[s] * (counts[2 * s] + counts[2 * s + 1]));
    }
    accuracies.push_back(correct / images);
    costs.push_back(cost / images);
  }
  return {middle_of(std::move(accuracies)), middle_of(std::move(costs))};
}

Interval transferred_macs(const Outcome& fitted, const Outcome& other, const Policy& policy,
                          const ExitMacs& macs) {
  const auto images = static_cast<double>(fitted.images);
  const auto other_images = static_cast<double>(other.images);
  double mean = 0, squares = 0;
  for (std::size_t s = 0; s < fitted.exit_share.size(); ++s) {
    const auto cost = static_cast<double>(costs_of(policy, macs)[s]);
    const double share = (images * fitted.exit_share[s] + other_images * other.exit_share[s]) /
                         (images + other_images);
    mean += share * cost;
    squares += share * cost * cost;
  }
  const double variance = std::max(0.0, squares - mean * mean);
  const double error = kNormal95 * std::sqrt(variance / images + variance / other_images);
  return {fitted.average_macs - error, fitted.average_macs + error};
}

Outcome oracle(const ExitTable& table, const ExitMacs& macs) {
  Outcome outcome =
      apply(Policy{Confidence::kMaxSoftmax, std::vector<double>(table.exits.size() - 1, 0.0), {}},
            table, macs);
  std::vector<std::int64_t> leaving(table.exits.size(), 0);
  std::int64_t correct = 0;
  for (std::int64_t image = 0; image < table.images(); ++image) {
    int exit = 0;
    while (exit < table.stages() && !table.correct(exit, image)) ++exit;
    correct += exit < table.stages() ? 1 : 0;
    ++leaving[index_of(exit % table.stages())];
  }
  const auto images = static_cast<double>(table.images());
  outcome.accuracy = static_cast<double>(correct) / images;
  outcome.average_macs = 0;
  for (std::size_t s = 0; s < leaving.size(); ++s) {
    outcome.exit_share[s] = static_cast<double>(leaving[s]) / images;
    outcome.average_macs += outcome.exit_share[s] * static_cast<double>(macs.cumulative[s]);
  }
  return outcome;
}

Outcome random_exits(const Outcome& outcome, const ExitMacs& macs) {
  Outcome expected = outcome;
  expected.accuracy = 0;
  expected.average_macs = 0;
  for (std::size_t s = 0; s < outcome.exit_share.size(); ++s) {
    expected.accuracy += outcome.exit_share[s] * outcome.exit_accuracy[s];
    expected.average_macs += outcome.exit_share[s] * static_cast<double>(macs.cumulative[s]);
  }
  return expected;
}

}  // namespace enas4d
