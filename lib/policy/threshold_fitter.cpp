#include "policy/threshold_fitter.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>

namespace enas4d {
namespace {

constexpr std::size_t kGrid = 64;  // quantiles of the first threshold, S = 4
constexpr std::size_t kZoom = 8;   // steps between two neighbours of the grid

StageOrder order_by_confidence(const std::vector<float>& confidence) {
  StageOrder order;
  order.samples.resize(confidence.size());
  std::iota(order.samples.begin(), order.samples.end(), std::size_t{0});
  std::sort(order.samples.begin(), order.samples.end(),
            [&](std::size_t a, std::size_t b) { return confidence[a] > confidence[b]; });
  order.level.resize(confidence.size());
  for (std::size_t i = 0; i < order.samples.size(); ++i) {
    const std::size_t sample = order.samples[i];
    if (i == 0 || confidence[sample] != confidence[order.samples[i - 1]]) order.ends.push_back(i);
    order.level[sample] = order.ends.size() - 1;
  }
  order.ends.push_back(order.samples.size());
  return order;
}

}  // namespace

ThresholdFitter::ThresholdFitter(const ExitTable& table, const ExitMacs& macs,
                                 Confidence confidence)
    : table_(table),
      confidence_(confidence),
      images_(table.labels.size()),
      stages_(table.exits.size()),
      costs_(macs.cumulative) {
  assert(images_ > 0);
  assert(stages_ >= 1 && stages_ <= kMostThresholds + 1 && costs_.size() == stages_);
  assert(std::is_sorted(costs_.begin(), costs_.end()));
  correct_.resize(stages_, std::vector<char>(images_));
  for (std::size_t s = 0; s < stages_; ++s) {
    const int stage = static_cast<int>(s);
    for (std::size_t n = 0; n < images_; ++n) {
      correct_[s][n] = table.correct(stage, static_cast<std::int64_t>(n));
    }
    if (s + 1 < stages_) {
      orders_.push_back(order_by_confidence(table.confidences(stage, confidence)));
    }
  }
}

/// The largest total cost whose average, rounded as apply() does it, is within the budget.
std::int64_t ThresholdFitter::largest_total(double budget) const {
  const auto images = static_cast<double>(images_);
  const auto within = [&](std::int64_t total) {
    return static_cast<double>(total) / images <= budget;
  };
  const std::int64_t most = costs_.back() * static_cast<std::int64_t>(images_);
  if (within(most)) return most;
  if (!within(0)) return -1;
  auto total = static_cast<std::int64_t>(budget * images);
  while (within(total + 1)) ++total;
  while (!within(total)) --total;
  return total;
}

std::vector<Fit> ThresholdFitter::fit(const std::vector<double>& budgets) const {
  std::vector<std::int64_t> limits;
  for (const double budget : budgets) limits.push_back(largest_total(budget));
  std::vector<Fit> best(budgets.size());
  if (stages_ == 3) {
    fit_two(0, nobody_departed(), limits, best);
  } else if (stages_ == 4) {
    fit_three(limits, best);
  } else {
    for (const Fit& fit : all_fits()) {
      for (std::size_t b = 0; b < best.size(); ++b) {
        if (fit.cost <= limits[b] && fit.better_than(best[b])) best[b] = fit;
      }
    }
  }
  return best;
}

std::vector<Fit> ThresholdFitter::all_fits() const {
  assert(stages_ <= 2);
  Fit fit;
  const std::vector<char>& correct = correct_.back();
  fit.correct = std::count(correct.begin(), correct.end(), char{1});
  fit.cost = costs_.back() * static_cast<std::int64_t>(images_);
  std::vector<Fit> fits = {fit};
  if (stages_ == 1) return fits;

  const StageOrder& order = orders_[0];
  for (std::size_t level = 0; level + 1 < order.ends.size(); ++level) {
    for (std::size_t i = order.ends[level]; i < order.ends[level + 1]; ++i) {
      fit.correct += gain(0, 1, order.samples[i]);
      fit.cost -= costs_[1] - costs_[0];
      ++fit.leaving[0];
    }
    fits.push_back(fit);
  }
  return fits;
}

ThresholdFitter::Departed ThresholdFitter::nobody_departed() const {
  Departed departed;
  departed.gone.resize(images_);
  departed.fit.correct = 0;
  return departed;
}

ThresholdFitter::Departed ThresholdFitter::departed_at_first(std::size_t leaving) const {
  Departed departed = nobody_departed();
  for (std::size_t i = 0; i < leaving; ++i) {
    const std::size_t sample = orders_[0].samples[i];
    departed.gone[sample] = 1;
    departed.fit.correct += correct_[0][sample];
    departed.fit.cost += costs_[0];
    ++departed.fit.leaving[0];
  }
  return departed;
}

/// Exact over both thresholds of stages `first` and `first + 1`, the last stage being `first + 2`.
/// Samples leave at `first` one level of confidence at a time. How the others cost depends only on
/// how many of them leave at the next stage, so that the tree, whose cells are the levels there,
/// names the best second threshold at once.
void ThresholdFitter::fit_two(std::size_t first, Departed departed,
                              const std::vector<std::int64_t>& limits,
                              std::vector<Fit>& best) const {
  const std::size_t second = first + 1, last = first + 2;
  const StageOrder& order = orders_[first];
  const std::vector<std::size_t>& cell = orders_[second].level;
  PrefixTree tree(orders_[second].ends.size() - 1);
  Fit& fit = departed.fit;
  for (std::size_t n = 0; n < images_; ++n) {
    if (departed.gone[n]) continue;
    tree.put(cell[n], gain(second, last, n));
    fit.correct += correct_[last][n];
    fit.cost += costs_[last];
  }
  tree.build();

  fit_second(first, fit, tree, limits, best);
  for (std::size_t level = 0; level + 1 < order.ends.size(); ++level) {
    const std::int64_t before = fit.leaving[first];
    for (std::size_t i = order.ends[level]; i < order.ends[level + 1]; ++i) {
      const std::size_t n = order.samples[i];
      if (departed.gone[n]) continue;
      tree.remove(cell[n], gain(second, last, n));
      fit.correct += gain(first, last, n);
      fit.cost -= costs_[last] - costs_[first];
      ++fit.leaving[first];
    }
    if (fit.leaving[first] != before) fit_second(first, fit, tree, limits, best);
  }
}

/// `start` is the fit in which nobody leaves at stage `first + 1`.
void ThresholdFitter::fit_second(std::size_t first, const Fit& start, const PrefixTree& tree,
                                 const std::vector<std::int64_t>& limits,
                                 std::vector<Fit>& best) const {
  const std::int64_t saving = costs_[first + 2] - costs_[first + 1];
  const std::int64_t most_correct = start.correct + tree.best().sum;
  for (std::size_t b = 0; b < best.size(); ++b) {
    if (most_correct < best[b].correct) continue;
    const std::int64_t excess = std::max<std::int64_t>(start.cost - limits[b], 0);
    if (excess > saving * tree.count()) continue;
    const std::int64_t need = excess == 0 ? 0 : (excess - 1) / saving + 1;
    const Prefix prefix = tree.best(need);
    Fit fit = start;
    fit.correct += prefix.sum;
    fit.cost -= saving * prefix.count;
    fit.leaving[first + 1] = prefix.count;
    if (fit.better_than(best[b])) best[b] = fit;
  }
}

void ThresholdFitter::fit_three(const std::vector<std::int64_t>& limits,
                                std::vector<Fit>& best) const {
  const std::vector<std::size_t>& ends = orders_[0].ends;
  std::vector<std::size_t> grid;  // indices into ends
  for (std::size_t k = 0; k < kGrid; ++k) {
    const std::size_t quantile = images_ * k / (kGrid - 1);
    const auto end = std::lower_bound(ends.begin(), ends.end(), quantile);
    const auto index = static_cast<std::size_t>(end - ends.begin());
    if (grid.empty() || grid.back() != index) grid.push_back(index);
  }
  for (const std::size_t index : grid) {
    fit_two(1, departed_at_first(ends[index]), limits, best);
  }
  for (std::size_t b = 0; b < best.size(); ++b) {
    if (best[b].correct < 0) continue;
    const auto at = std::find_if(grid.begin(), grid.end(), [&](std::size_t index) {
      return static_cast<std::int64_t>(ends[index]) == best[b].leaving[0];
    });
    const std::size_t low = at == grid.begin() ? *at : *(at - 1);
    const std::size_t high = at + 1 == grid.end() ? *at : *(at + 1);
    ascend({low, *at, high}, limits[b], best[b]);
  }
}

/// Steps closer around the best first threshold until nothing is left between its neighbours. The
/// other thresholds are exact for each.
void ThresholdFitter::ascend(Bracket bracket, std::int64_t limit, Fit& best) const {
  while (bracket.high - bracket.low > 2) {
    const std::size_t low = bracket.low, width = bracket.high - bracket.low;
    const auto step = [&](std::size_t k) { return low + width * k / kZoom; };
    for (std::size_t k = 1; k < kZoom; ++k) {
      if (step(k) == step(k - 1)) continue;
      std::vector<Fit> found = {best};
      fit_two(1, departed_at_first(orders_[0].ends[step(k)]), {limit}, found);
      if (!found[0].better_than(best)) continue;
      best = found[0];
      bracket.best = step(k);
    }
    for (std::size_t k = 1; k < kZoom; ++k) {
      if (step(k) < bracket.best) bracket.low = std::max(bracket.low, step(k));
      if (step(k) > bracket.best) bracket.high = std::min(bracket.high, step(k));
    }
  }
}

Fit ThresholdFitter::fit_shares(const std::vector<double>& shares) const {
  Departed departed = nobody_departed();
  Fit& fit = departed.fit;
  for (std::size_t s = 0; s + 1 < stages_; ++s) {
    const auto target = static_cast<std::int64_t>(shares[s] * static_cast<double>(images_));
    const StageOrder& order = orders_[s];
    for (std::size_t level = 0; level + 1 < order.ends.size(); ++level) {
      if (fit.leaving[s] >= target) break;
      for (std::size_t i = order.ends[level]; i < order.ends[level + 1]; ++i) {
        const std::size_t n = order.samples[i];
        if (departed.gone[n]) continue;
        departed.gone[n] = 1;
        fit.correct += correct_[s][n];
        fit.cost += costs_[s];
        ++fit.leaving[s];
      }
    }
  }
  for (std::size_t n = 0; n < images_; ++n) {
    if (departed.gone[n]) continue;
    fit.correct += correct_.back()[n];
    fit.cost += costs_.back();
  }
  return fit;
}

OperatingPoint ThresholdFitter::point(const Fit& fit) const {
  OperatingPoint point;
  point.policy.confidence = confidence_;
  std::vector<char> gone(images_);
  for (std::size_t s = 0; s + 1 < stages_; ++s) {
    const std::vector<float>& confidence = table_.confidences(static_cast<int>(s), confidence_);
    std::optional<double> leaves, stays;  // the least sure that leaves, the surest that stays
    std::int64_t leaving = fit.leaving[s];
    for (const std::size_t n : orders_[s].samples) {
      if (gone[n]) continue;
      if (leaving == 0) {
        stays = confidence[n];
        break;
      }
      gone[n] = 1;
      leaves = confidence[n];
      --leaving;
    }
    // The midpoint of two floats is exact, or at least strictly between them, in double.
    point.policy.thresholds.push_back(!stays ? 0 : !leaves ? 2 : (*leaves + *stays) / 2);
  }
  const auto images = static_cast<double>(images_);
  point.accuracy = static_cast<double>(fit.correct) / images;
  point.average_macs = static_cast<double>(fit.cost) / images;
  return point;
}

}  // namespace enas4d
