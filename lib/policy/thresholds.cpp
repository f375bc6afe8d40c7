#include "policy/thresholds.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "policy/threshold_fitter.h"

namespace enas4d {
namespace {

std::vector<double> even_budgets(double least, double most, int points) {
  std::vector<double> budgets;
  for (int k = 0; k < points; ++k) {
    budgets.push_back(k + 1 == points ? most : least + (most - least) * k / (points - 1));
  }
  return budgets;
}

/// By rising cost, each more accurate than the one before.
std::vector<Fit> undominated(std::vector<Fit> fits) {
  std::sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.correct > b.correct;
  });
  std::vector<Fit> kept;
  for (const Fit& fit : fits) {
    if (kept.empty() || fit.correct > kept.back().correct) kept.push_back(fit);
  }
  return kept;
}

/// At most `points` of them, evenly by cost: for each step the best that it affords.
std::vector<Fit> thin(const std::vector<Fit>& fits, int points) {
  if (fits.size() <= static_cast<std::size_t>(points)) return fits;
  std::vector<Fit> kept;
  const auto least = static_cast<double>(fits.front().cost);
  const auto most = static_cast<double>(fits.back().cost);
  std::size_t at = 0;
  for (const double budget : even_budgets(least, most, points)) {
    const std::size_t before = at;
    while (at + 1 < fits.size() && static_cast<double>(fits[at + 1].cost) <= budget) ++at;
    if (kept.empty() || at != before) kept.push_back(fits[at]);
  }
  return kept;
}

}  // namespace

std::optional<OperatingPoint> fit_thresholds(const ExitTable& table, const ExitMacs& macs,
                                             Confidence confidence, double budget) {
  const ThresholdFitter fitter(table, macs, confidence);
  const Fit fit = fitter.fit({budget}).front();
  if (fit.correct < 0) return std::nullopt;
  return fitter.point(fit);
}

std::vector<OperatingPoint> accuracy_curve(const ExitTable& table, const ExitMacs& macs,
                                           Confidence confidence, int points) {
  assert(points >= 2);
  const ThresholdFitter fitter(table, macs, confidence);
  const std::vector<Fit> fits =
      table.stages() <= 2
          ? thin(undominated(fitter.all_fits()), points)
          : undominated(fitter.fit(even_budgets(fitter.cheapest(), fitter.full(), points)));
  std::vector<OperatingPoint> curve;
  for (const Fit& fit : fits) curve.push_back(fitter.point(fit));
  return curve;
}

std::vector<OperatingPoint> fixed_exit_curve(const ExitTable& table, const ExitMacs& macs) {
  // By cost: a later exit may be the cheaper one, where it has fewer features.
  std::vector<int> stages(static_cast<std::size_t>(table.stages()));
  std::iota(stages.begin(), stages.end(), 0);
  std::stable_sort(stages.begin(), stages.end(), [&](int a, int b) {
    return macs.alone[static_cast<std::size_t>(a)] < macs.alone[static_cast<std::size_t>(b)];
  });
  std::vector<OperatingPoint> curve;
  for (const int stage : stages) {
    Policy policy;
    policy.exit = stage;
    const Outcome outcome = apply(policy, table, macs);
    if (!curve.empty() && outcome.accuracy <= curve.back().accuracy) continue;
    curve.push_back({std::move(policy), outcome.accuracy, outcome.average_macs});
  }
  return curve;
}

std::vector<OperatingPoint> geometric_curve(const ExitTable& table, const ExitMacs& macs,
                                            Confidence confidence) {
  const ThresholdFitter fitter(table, macs, confidence);
  std::vector<OperatingPoint> curve;
  for (int p = 1; p < 40; ++p) {
    std::vector<double> shares;
    for (int s = 1; s <= table.stages(); ++s) shares.push_back(std::pow(p / 20.0, s));
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) share /= sum;
    curve.push_back(fitter.point(fitter.fit_shares(shares)));
  }
  return curve;
}

}  // namespace enas4d
