// What a search knows: every evaluated spec with its costs, its exit table and its accuracy /
// average-MACs curve, and the front over all of them. Search strategies propose, the archive
// remembers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "arch/sample.h"
#include "policy/thresholds.h"
#include "search/evaluator.h"
#include "search/journal.h"
#include "search/pareto.h"

namespace enas4d {

/// One member of the front: a spec with the policy that puts it there.
struct FrontMember {
  Spec spec;
  ExitMacs macs;
  std::int64_t params = 0;
  OperatingPoint point;  ///< on val
  Outcome outcome;       ///< the same policy applied to val
};

struct Candidate {
  Spec spec;
  /// Of its table only the measure that the search uses, and no table where others are better at
  /// every budget and accuracy.
  Evaluation evaluation;
  std::vector<OperatingPoint> curve;  ///< by rising average MACs
};

enum class PolicyKind {
  kThresholds,  ///< early exits: the policies that a search is for
  kFixed,       ///< static children: the control
};

/// How a candidate's curve is made.
struct CurveOptions {
  PolicyKind policies = PolicyKind::kThresholds;
  Confidence confidence = Confidence::kMaxSoftmax;
  int points = 32;  ///< at least 2
};

class Archive {
 public:
  Archive(const Space& space, const CurveOptions& options);

  /// Was the spec ever handed to evaluate()?
  bool knows(const Spec& spec) const;

  /// Evaluates new specs, those in the journal (may be null) without the evaluator, and calls
  /// `on_known` after each. Returns false if the evaluator was stopped. The archive's content
  /// depends on the order of `specs` only, not on the order in which they get known.
  bool evaluate(const std::vector<Spec>& specs, Evaluator& evaluator, Journal* journal,
                const std::function<void()>& on_known);

  /// In the order of the calls and of their specs; empty for what a stopped evaluation left out and
  /// for what could not be measured.
  const std::vector<std::optional<Candidate>>& candidates() const { return candidates_; }
  std::size_t evaluated() const { return evaluated_; }  ///< failures included
  std::size_t failed() const { return failures_.size(); }
  /// Why the first of these could not be measured; empty if all could.
  std::string first_failure() const;
  std::size_t recalled() const { return recalled_; }  ///< from the journal, without the evaluator
  int stages() const { return stages_; }              ///< of its specs

  /// An operating point in the plane: error, and average MACs over those of the space's largest
  /// spec.
  Point place(const OperatingPoint& point) const;

  std::vector<Point> front_places() const;
  std::vector<std::size_t> front_candidates() const;  ///< indices into candidates(), rising
  std::size_t front_size() const { return front_.size(); }
  double hypervolume() const;  ///< of the front, reference (1, 1)

  /// By rising average MACs; nothing dominates any of them.
  std::vector<FrontMember> front() const;

  /// The best member for each budget, fitted at exactly that budget for every candidate. Where no
  /// candidate can average so little there is none, and `unmet` gets a line with what they can.
  std::vector<FrontMember> at_budgets(const std::vector<double>& budgets,
                                      std::vector<std::string>& unmet) const;

  /// The member with the least average MACs that reaches each accuracy, thresholds fitted to that
  /// (within 0.1 % of the MACs). Where no candidate does there is none, and `unmet` gets a line
  /// with the best there is.
  std::vector<FrontMember> at_accuracies(const std::vector<double>& accuracies,
                                         std::vector<std::string>& unmet) const;

 private:
  struct FrontPoint {
    std::size_t candidate, on_curve;
    Point place;
  };

  void fill(std::size_t slot, Spec spec, Evaluated evaluated);
  void extend_front(std::size_t slot);
  void drop_useless_tables();
  const OperatingPoint& operating_point(const FrontPoint& point) const;
  bool is_static() const { return options_.policies == PolicyKind::kFixed; }
  std::vector<OperatingPoint> curve_of(const Evaluation& evaluation) const;
  std::optional<OperatingPoint> fit(const Candidate& candidate, double budget) const;
  double front_accuracy(double budget) const;
  double front_cost(double accuracy) const;
  std::optional<FrontMember> best_at(double budget) const;
  std::optional<FrontMember> cheapest_at(double accuracy) const;
  std::pair<std::int64_t, std::int64_t> range() const;
  double best_accuracy() const;
  OperatingPoint cheapest_point(const Candidate& candidate, double accuracy) const;

  CurveOptions options_;
  int stages_;
  double largest_macs_;
  std::unordered_set<std::string> known_;  ///< specs as compact JSON
  std::vector<std::optional<Candidate>> candidates_;
  std::size_t evaluated_ = 0, recalled_ = 0;
  std::map<std::size_t, std::string> failures_;  ///< reasons, by place among the candidates
  std::vector<FrontPoint> front_;                ///< by candidate and point of its curve
};

/// Throws Error (impossible) if nothing can lie inside the limits, or if a budget lies below the
/// least that the space's smallest spec can cost on average: no search can meet it.
void require_reachable(const Space& space, const Limits& limits, PolicyKind policies,
                       const std::vector<double>& budgets);

}  // namespace enas4d
