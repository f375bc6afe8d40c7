#include "search/archive.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "arch/plan.h"
#include "util/error.h"
#include "util/units.h"

namespace enas4d {
namespace {

/// Many tables are kept: without the two measures that nobody asks about.
void drop_other_measures(ExitTable& table, Confidence kept) {
  for (ExitTable::Exit& exit : table.exits) {
    for (std::size_t measure = 0; measure < exit.confidence.size(); ++measure) {
      if (measure != static_cast<std::size_t>(kept)) exit.confidence[measure] = {};
    }
  }
}

/// Equal for equal specs, and ten times as fast as their hash: strategies ask about each of many
/// thousand draws.
std::string key_of(const Spec& spec) {
  std::string text;
  append_json(text, spec);
  return text;
}

FrontMember member_of(const Candidate& candidate, const OperatingPoint& point) {
  const Evaluation& evaluation = candidate.evaluation;
  return {candidate.spec, evaluation.macs, evaluation.params, point,
          apply(point.policy, evaluation.table, evaluation.macs)};
}

/// Points rise in accuracy; the last one reaches it.
std::vector<OperatingPoint>::const_iterator first_reaching(const std::vector<OperatingPoint>& curve,
                                                           double accuracy) {
  return std::find_if(curve.begin(), curve.end(),
                      [&](const OperatingPoint& point) { return point.accuracy >= accuracy; });
}

// A curve's points are the best at their cost. Between two of them no policy is more accurate than
// the next, nor cheaper than the last one that it beats: what a candidate cannot do is known
// without a fit.

double most_accurate_within(const std::vector<OperatingPoint>& curve, double budget) {
  const auto next = std::find_if(curve.begin(), curve.end(), [&](const OperatingPoint& point) {
    return point.average_macs > budget;
  });
  return next == curve.end() ? curve.back().accuracy : next->accuracy;
}

double least_cost_of(const std::vector<OperatingPoint>& curve, double accuracy) {
  const auto reached = first_reaching(curve, accuracy);
  return (reached == curve.begin() ? reached : reached - 1)->average_macs;
}

/// Whether `front`, by rising cost, has something cheaper and more accurate for all that a
/// candidate with this curve can do.
bool is_useless(const std::vector<OperatingPoint>& curve,
                const std::vector<const OperatingPoint*>& front) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const auto dearer = std::lower_bound(
        front.begin(), front.end(), curve[i].average_macs,
        [](const OperatingPoint* point, double cost) { return point->average_macs < cost; });
    const double best = curve[std::min(i + 1, curve.size() - 1)].accuracy;
    if (dearer == front.begin() || (*(dearer - 1))->accuracy <= best) return false;
  }
  return true;
}

/// Of a fixed exit, or where every image leaves at the first.
std::int64_t least_average(const ExitMacs& macs, PolicyKind policies) {
  return policies == PolicyKind::kFixed ? *std::min_element(macs.alone.begin(), macs.alone.end())
                                        : macs.cumulative.front();
}

}  // namespace

Archive::Archive(const Space& space, const CurveOptions& options)
    : options_(options),
      stages_(space.stages),
      largest_macs_(static_cast<double>(exit_macs(lower(space, largest(space))).full())) {}

bool Archive::knows(const Spec& spec) const {
  return known_.count(key_of(spec)) > 0;
}

bool Archive::evaluate(const std::vector<Spec>& specs, Evaluator& evaluator, Journal* journal,
                       const std::function<void()>& on_known) {
  const std::size_t first = candidates_.size();
  candidates_.resize(first + specs.size());
  std::vector<Spec> missing;
  std::vector<std::size_t> slots;  // of the missing
  for (std::size_t i = 0; i < specs.size(); ++i) {
    [[maybe_unused]] const bool is_new = known_.insert(key_of(specs[i])).second;
    assert(is_new);
    std::optional<Evaluated> found;
    if (journal != nullptr) found = journal->find(specs[i]);
    if (!found) {
      missing.push_back(specs[i]);
      slots.push_back(first + i);
      continue;
    }
    ++recalled_;
    fill(first + i, specs[i], *std::move(found));
    on_known();
  }
  if (missing.empty()) return true;
  return evaluator.evaluate(missing, [&](std::size_t index, Evaluated evaluated) {
    if (journal != nullptr) evaluated = journal->append(missing[index], std::move(evaluated));
    fill(slots[index], missing[index], std::move(evaluated));
    on_known();
  });
}

void Archive::fill(std::size_t slot, Spec spec, Evaluated evaluated) {
  assert(!candidates_[slot]);
  ++evaluated_;
  if (const auto* failure = std::get_if<Failure>(&evaluated)) {
    failures_[slot] = failure->reason;
    return;
  }
  auto& evaluation = std::get<Evaluation>(evaluated);
  drop_other_measures(evaluation.table, options_.confidence);
  std::vector<OperatingPoint> curve = curve_of(evaluation);
  candidates_[slot] = Candidate{std::move(spec), std::move(evaluation), std::move(curve)};
  extend_front(slot);
  drop_useless_tables();
}

std::string Archive::first_failure() const {
  return failures_.empty() ? "" : failures_.begin()->second;
}

/// Of equal points pareto_front keeps the first. Sorting makes that the one of the earliest
/// candidate, whichever was known earlier.
void Archive::extend_front(std::size_t slot) {
  const std::vector<OperatingPoint>& curve = candidates_[slot]->curve;
  for (std::size_t i = 0; i < curve.size(); ++i) front_.push_back({slot, i, place(curve[i])});
  std::sort(front_.begin(), front_.end(), [](const FrontPoint& a, const FrontPoint& b) {
    return std::tie(a.candidate, a.on_curve) < std::tie(b.candidate, b.on_curve);
  });
  std::vector<Point> places;
  for (const FrontPoint& point : front_) places.push_back(point.place);
  std::vector<std::size_t> kept = pareto_front(places);
  std::sort(kept.begin(), kept.end());
  std::vector<FrontPoint> front;
  for (const std::size_t index : kept) front.push_back(front_[index]);
  front_ = std::move(front);
}

const OperatingPoint& Archive::operating_point(const FrontPoint& point) const {
  return candidates_[point.candidate]->curve[point.on_curve];
}

/// They are what takes memory: 200 kB of a network with two stages and 10,000 images of val.
void Archive::drop_useless_tables() {
  std::vector<const OperatingPoint*> front;
  for (const FrontPoint& point : front_) front.push_back(&operating_point(point));
  std::sort(front.begin(), front.end(), [](const OperatingPoint* a, const OperatingPoint* b) {
    return a->average_macs < b->average_macs;
  });
  for (std::optional<Candidate>& candidate : candidates_) {
    if (!candidate || candidate->evaluation.table.exits.empty()) continue;
    if (is_useless(candidate->curve, front)) candidate->evaluation.table = {};
  }
}

Point Archive::place(const OperatingPoint& point) const {
  return {1 - point.accuracy, point.average_macs / largest_macs_};
}

std::vector<Point> Archive::front_places() const {
  std::vector<Point> places;
  for (const FrontPoint& point : front_) places.push_back(point.place);
  return places;
}

std::vector<std::size_t> Archive::front_candidates() const {
  std::vector<std::size_t> indices;
  for (const FrontPoint& point : front_) {
    if (indices.empty() || indices.back() != point.candidate) indices.push_back(point.candidate);
  }
  return indices;
}

double Archive::hypervolume() const {
  return enas4d::hypervolume(front_places(), {1, 1});
}

std::vector<FrontMember> Archive::front() const {
  std::vector<FrontPoint> by_cost = front_;
  std::sort(by_cost.begin(), by_cost.end(),
            [](const FrontPoint& a, const FrontPoint& b) { return a.place.cost < b.place.cost; });
  std::vector<FrontMember> members;
  for (const FrontPoint& point : by_cost) {
    members.push_back(member_of(*candidates_[point.candidate], operating_point(point)));
  }
  return members;
}

std::vector<FrontMember> Archive::at_budgets(const std::vector<double>& budgets,
                                             std::vector<std::string>& unmet) const {
  std::vector<FrontMember> members;
  for (const double budget : budgets) {
    if (auto member = best_at(budget)) {
      members.push_back(*std::move(member));
    } else {
      const auto [least, most] = range();
      const auto [asked, cheapest] = format_apart(std::llround(budget), least);
      unmet.push_back(
          fmt::format("no network that was evaluated averages at most {} MACs; they can "
                      "average {} to {}",
                      asked, cheapest, format_count(most)));
    }
  }
  return members;
}

/// Of the averages that the candidates can have.
std::pair<std::int64_t, std::int64_t> Archive::range() const {
  std::int64_t least = INT64_MAX, most = 0;
  for (const std::optional<Candidate>& candidate : candidates_) {
    if (!candidate) continue;
    const ExitMacs& macs = candidate->evaluation.macs;
    least = std::min(least, least_average(macs, options_.policies));
    most = std::max(
        most, is_static() ? *std::max_element(macs.alone.begin(), macs.alone.end()) : macs.full());
  }
  return {least, most};
}

std::vector<OperatingPoint> Archive::curve_of(const Evaluation& evaluation) const {
  const auto& [table, macs, params] = evaluation;
  return is_static() ? fixed_exit_curve(table, macs)
                     : accuracy_curve(table, macs, options_.confidence, options_.points);
}

std::optional<OperatingPoint> Archive::fit(const Candidate& candidate, double budget) const {
  const auto& [table, macs, params] = candidate.evaluation;
  if (!is_static()) return fit_thresholds(table, macs, options_.confidence, budget);
  std::optional<OperatingPoint> best;
  for (const OperatingPoint& point : candidate.curve) {  // rises in accuracy
    if (point.average_macs <= budget) best = point;
  }
  return best;
}

/// The most of the front's points within `budget`; -1 if there is none.
double Archive::front_accuracy(double budget) const {
  double most = -1;
  for (const FrontPoint& front_point : front_) {
    const OperatingPoint& point = operating_point(front_point);
    if (point.average_macs <= budget) most = std::max(most, point.accuracy);
  }
  return most;
}

/// The least of the front's points that reach `accuracy`; infinite if none does.
double Archive::front_cost(double accuracy) const {
  double least = HUGE_VAL;
  for (const FrontPoint& front_point : front_) {
    const OperatingPoint& point = operating_point(front_point);
    if (point.accuracy >= accuracy) least = std::min(least, point.average_macs);
  }
  return least;
}

std::optional<FrontMember> Archive::best_at(double budget) const {
  const Candidate* best = nullptr;
  OperatingPoint best_point;
  const double known = front_accuracy(budget);
  for (const std::optional<Candidate>& candidate : candidates_) {
    if (!candidate || candidate->curve.front().average_macs > budget) continue;
    // Spares most candidates the fit, among them those without a table.
    if (most_accurate_within(candidate->curve, budget) < known) continue;
    const auto point = fit(*candidate, budget);
    if (!point) continue;
    if (best == nullptr || std::tuple(-point->accuracy, point->average_macs) <
                               std::tuple(-best_point.accuracy, best_point.average_macs)) {
      best = &*candidate;
      best_point = *point;
    }
  }
  if (best == nullptr) return std::nullopt;
  return member_of(*best, best_point);
}

std::vector<FrontMember> Archive::at_accuracies(const std::vector<double>& accuracies,
                                                std::vector<std::string>& unmet) const {
  std::vector<FrontMember> members;
  for (const double accuracy : accuracies) {
    if (auto member = cheapest_at(accuracy)) {
      members.push_back(*std::move(member));
    } else {
      unmet.push_back(fmt::format("no policy reaches accuracy {:.6g} on val; reached: {:.6g}",
                                  accuracy, best_accuracy()));
    }
  }
  return members;
}

double Archive::best_accuracy() const {
  double best = 0;
  for (const std::optional<Candidate>& candidate : candidates_) {
    if (candidate) best = std::max(best, candidate->curve.back().accuracy);
  }
  return best;
}

std::optional<FrontMember> Archive::cheapest_at(double accuracy) const {
  const Candidate* cheapest = nullptr;
  OperatingPoint point;
  const double known = front_cost(accuracy);
  for (const std::optional<Candidate>& candidate : candidates_) {
    if (!candidate || candidate->curve.back().accuracy < accuracy) continue;
    const double least = least_cost_of(candidate->curve, accuracy);
    if (least > known || (cheapest != nullptr && least >= point.average_macs)) continue;
    const OperatingPoint own = cheapest_point(*candidate, accuracy);
    if (cheapest != nullptr && own.average_macs >= point.average_macs) continue;
    cheapest = &*candidate;
    point = own;
  }
  if (cheapest == nullptr) return std::nullopt;
  return member_of(*cheapest, point);
}

/// By halving the budgets between two points of the curve.
OperatingPoint Archive::cheapest_point(const Candidate& candidate, double accuracy) const {
  constexpr double kClose = 1e-3;
  const auto reached = first_reaching(candidate.curve, accuracy);
  OperatingPoint best = *reached;
  if (is_static() || reached == candidate.curve.begin()) return best;
  double low = (reached - 1)->average_macs;
  while (best.average_macs - low > kClose * best.average_macs) {
    const double budget = (low + best.average_macs) / 2;
    const auto point = fit(candidate, budget);
    if (point && point->accuracy >= accuracy) {
      best = *point;
    } else {
      low = budget;
    }
  }
  return best;
}

void require_reachable(const Space& space, const Limits& limits, PolicyKind policies,
                       const std::vector<double>& budgets) {
  require_possible(space, limits);
  const std::int64_t least = least_average(exit_macs(lower(space, smallest(space))), policies);
  const std::int64_t full = exit_macs(lower(space, largest(space))).full();
  for (const double budget : budgets) {
    if (budget >= static_cast<double>(least)) continue;
    const auto [asked, cheapest] = format_apart(std::llround(budget), least);
    throw impossible(fmt::format("no policy averages at most {} MACs; reachable: {} to {}", asked,
                                 cheapest, format_count(std::min(full, limits.most_macs))));
  }
}

}  // namespace enas4d
