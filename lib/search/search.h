// The search: from one trained supernet the specs and exit policies with the best accuracy at their
// average MACs (ENAS4D: architecture and policy together, without training).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "arch/sample.h"
#include "search/archive.h"
#include "search/evaluator.h"
#include "search/evolution.h"
#include "search/journal.h"
#include "util/stop.h"

namespace enas4d {

enum class SearchStrategy {
  kEvolution,  ///< NSGA-II over whole specs
  /// Stage by stage: prefixes of k stages are evolved as networks of their own; the best of them,
  /// the beam, are what prefixes of k + 1 stages extend. What a prefix computes is computed once
  /// for up to ten extensions (eval/network_evaluator.h).
  kStagewise,
  kRandom,  ///< uniform draws
};

struct SearchOptions {
  SearchStrategy strategy = SearchStrategy::kEvolution;
  int evaluations = 300;  ///< distinct networks in all; of a stagewise search its prefixes, too
  int patience = 0;       ///< evaluations without a better front after which it ends; 0 = never
  EvolutionOptions evolution;
  int beam = 8;  ///< prefixes that a stagewise search extends
  Limits limits;
  CurveOptions curve;
  std::vector<Spec> begin_with;  ///< evaluated first, as far as they lie inside the limits
  std::uint64_t seed = 1;
};

/// SHA-256 of all of these: searches that differ in it may propose other networks.
std::string search_hash(const SearchOptions& options);

/// What single members of the front are asked for, besides all of it.
struct SearchGoals {
  std::vector<double> average_macs;  ///< budgets: the most accurate member for each
  std::vector<double> accuracies;    ///< in (0, 1]: the member with the least average MACs for each
};

struct SearchProgress {
  int evaluated = 0, evaluations = 0;
  int recalled = 0;  ///< of those evaluated: known from the journal
  int stages = 0;    ///< of the networks that are being evaluated
  std::size_t front_size = 0;
  /// Of the front in (error, average MACs / largest full MACs), reference point (1, 1).
  double hypervolume = 0;
};

struct SearchResult {
  std::vector<FrontMember> front;  ///< by rising average MACs; nothing dominates any of them
  /// One for each goal that is met, in the order asked: fitted exactly at that budget, or to that
  /// accuracy, for every evaluated spec. Empty if the search was stopped.
  std::vector<FrontMember> at_budgets, at_accuracies;
  std::vector<std::string> unmet;  ///< a line for each goal that nothing evaluated meets
  bool finished = true;            ///< false: stopped early, resumable
  int evaluated = 0;               ///< networks in all, with those that
  int failed = 0;                  ///< could not be measured
  std::string first_failure;       ///< why the first of these could not
};

/// Searches until `evaluations` distinct networks are known (or tries for new ones run out: small
/// spaces end early). What the journal (may be null) holds is not evaluated again, so a killed
/// search continues and ends with the same result. Throws Error (impossible), before anything is
/// evaluated, if nothing lies inside the limits or if no spec of the space can average so little as
/// a budget, with the reachable range. Throws Error (failed) if no network could be measured.
SearchResult search(const Space& space, Evaluator& evaluator, Journal* journal,
                    const SearchOptions& options, const SearchGoals& goals, const StopFlag& stop,
                    const std::function<void(const SearchProgress&)>& observe);

}  // namespace enas4d
