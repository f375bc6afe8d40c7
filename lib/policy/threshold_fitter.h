// The search behind thresholds.h: from one exit table, sorted once, the best fit for any number of
// budgets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "policy/prefix_tree.h"
#include "policy/thresholds.h"

namespace enas4d {

constexpr std::size_t kMostThresholds = 3;

/// A policy while it's being looked for: how many samples leave at each stage but the last, always
/// the surest of those that reach it. Totals are whole numbers, so comparing them is exact.
struct Fit {
  std::int64_t correct = -1;  // none found yet
  std::int64_t cost = 0;
  std::array<std::int64_t, kMostThresholds> leaving{};

  bool better_than(const Fit& other) const {
    return correct != other.correct ? correct > other.correct : cost < other.cost;
  }
};

/// The samples by falling confidence at one exit. Equal confidences share a level.
struct StageOrder {
  std::vector<std::size_t> samples;
  std::vector<std::size_t> level;  // per sample, 0 = the surest
  std::vector<std::size_t> ends;   // samples in the levels < i: ends[0] = 0, ends.back() = N
};

class ThresholdFitter {
 public:
  ThresholdFitter(const ExitTable& table, const ExitMacs& macs, Confidence confidence);

  double cheapest() const { return static_cast<double>(costs_.front()); }
  double full() const { return static_cast<double>(costs_.back()); }

  /// The best fit for each budget; `correct` stays -1 where there is none.
  std::vector<Fit> fit(const std::vector<double>& budgets) const;

  /// Every distinct policy of a table with one or two stages, by falling cost.
  std::vector<Fit> all_fits() const;

  /// Those that leave at each stage but the last have this share of all samples.
  Fit fit_shares(const std::vector<double>& shares) const;

  OperatingPoint point(const Fit& fit) const;

 private:
  /// Samples that left before the stages in question, and what they add up to.
  struct Departed {
    std::vector<char> gone;
    Fit fit;
  };

  /// Levels of the first stage: the best one known and its nearest neighbours known to be no
  /// better.
  struct Bracket {
    std::size_t low, best, high;
  };

  std::int64_t largest_total(double budget) const;
  Departed nobody_departed() const;
  Departed departed_at_first(std::size_t leaving) const;
  void fit_two(std::size_t first, Departed departed, const std::vector<std::int64_t>& limits,
               std::vector<Fit>& best) const;
  void fit_second(std::size_t first, const Fit& start, const PrefixTree& tree,
                  const std::vector<std::int64_t>& limits, std::vector<Fit>& best) const;
  void fit_three(const std::vector<std::int64_t>& limits, std::vector<Fit>& best) const;
  void ascend(Bracket bracket, std::int64_t limit, Fit& best) const;

  int gain(std::size_t stage, std::size_t later, std::size_t sample) const {
    return int{correct_[stage][sample]} - int{correct_[later][sample]};
  }

  const ExitTable& table_;
  Confidence confidence_;
  std::size_t images_;
  std::size_t stages_;
  std::vector<std::int64_t> costs_;
  std::vector<std::vector<char>> correct_;  // per stage and sample
  std::vector<StageOrder> orders_;          // per stage but the last
};

}  // namespace enas4d
