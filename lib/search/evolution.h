// NSGA-II over the Evaluator seam (Deb et al. 2002), with one change: a candidate is a spec, and
// competes with its whole accuracy / average-MACs curve. A spec's rank is the best rank of its
// curve's points in (error, average MACs); ties are broken by exclusive hypervolume (design 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "arch/sample.h"
#include "search/archive.h"
#include "search/evaluator.h"
#include "search/journal.h"
#include "util/stop.h"

namespace enas4d {

struct EvolutionOptions {
  int population = 20;
  int evaluations = 300;         ///< distinct specs in all, the first population included
  double mutation_rate = 0.1;    ///< chance that one choice is drawn again
  double crossover_share = 0.5;  ///< of the children; the others are mutants of one parent
  MacsWindow window;             ///< full MACs of a candidate
  PolicyKind policies = PolicyKind::kThresholds;
  Confidence confidence = Confidence::kMaxSoftmax;
  int curve_points = 32;  ///< of one spec's curve
  std::uint64_t seed = 1;
};

struct SearchProgress {
  int evaluated = 0, evaluations = 0;
  std::size_t front_size = 0;
  /// Of the front in (error, average MACs / largest full MACs), reference point (1, 1).
  double hypervolume = 0;
};

struct SearchResult {
  std::vector<FrontMember> front;  ///< by rising average MACs; nothing dominates any of them
  /// The best member for a budget: fitted exactly at that budget for every evaluated spec. Same
  /// order as asked; empty if the search was stopped.
  std::vector<FrontMember> at_budgets;
  bool finished = true;  ///< false: stopped early, resumable
};

/// Searches until `evaluations` distinct specs are known (or tries for new ones run out: small
/// spaces end early). Specs that the journal (may be null) holds are not evaluated again, so a
/// killed search continues and ends with the same result. Throws Error (impossible) if a budget
/// lies below the cheapest average there is, with the reachable range: before anything is evaluated
/// if no spec of the space could meet it.
SearchResult evolve(const Space& space, Evaluator& evaluator, Journal* journal,
                    const EvolutionOptions& options, const std::vector<double>& budgets,
                    const StopFlag& stop,
                    const std::function<void(const SearchProgress&)>& observe);

}  // namespace enas4d
