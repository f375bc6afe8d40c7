// Thresholds from an exit table: S = 2 exactly by one sorted sweep, S = 3 exactly by a sweep over a
// segment tree (O(N log N) for one budget), S = 4 by a quantile grid over the first threshold with
// the exact S = 3 fit inside, then ascent along that threshold around the best.
#pragma once

#include <optional>
#include <vector>

#include "policy/exit_table.h"

namespace enas4d {

/// A policy and what it gives on the table that it was fitted on.
struct OperatingPoint {
  Policy policy;
  double accuracy = 0;
  double average_macs = 0;
};

/// The most accurate policy whose average MACs are at most `budget` on this table; among equals the
/// cheapest. Nothing if even the cheapest policy (everybody leaves at the first exit) costs more.
/// S = 1: the one policy there is. Exact over all distinct policies for S <= 3. Equal confidences
/// leave together; a threshold is the midpoint to the next confidence among the samples that reach
/// its stage, 0 where all of them leave and 2 where none does.
std::optional<OperatingPoint> fit_thresholds(const ExitTable& table, const ExitMacs& macs,
                                             Confidence confidence, double budget);

/// The accuracy / average-MACs curve: points of which none dominates another, by rising cost. S =
/// 2: exact (every threshold), thinned to at most `points` (at least 2) evenly by cost, ends kept;
/// S > 2: fits at `points` budgets spaced evenly between cheapest and full.
std::vector<OperatingPoint> accuracy_curve(const ExitTable& table, const ExitMacs& macs,
                                           Confidence confidence, int points);

/// The static children of a spec: every image takes exit s, whose head alone runs. One point a
/// stage, without those that a cheaper one dominates, by rising cost.
std::vector<OperatingPoint> fixed_exit_curve(const ExitTable& table, const ExitMacs& macs);

/// How MSDNet and its successors set thresholds (Huang et al. 2018, arXiv 1703.09844), to compare
/// with published curves: exit s takes a share in proportion to q^s of the samples, the surest of
/// those that are still there, for q = p / 20, p = 1 to 39. In the order of p; some may be
/// dominated.
std::vector<OperatingPoint> geometric_curve(const ExitTable& table, const ExitMacs& macs,
                                            Confidence confidence);

}  // namespace enas4d
