#include "eval/network_evaluator.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "eval/early_exit.h"
#include "eval/measure.h"

namespace enas4d {

namespace {

// What a stop waits for and a crash loses. Ten share nine tenths of what more could.
constexpr std::size_t kMostMembers = 10;

/// Indices of specs that share their resolution and first stage, and with them most of what there
/// is to share; groups and members in the order of the specs.
std::vector<std::vector<std::size_t>> first_stage_groups(const std::vector<Spec>& specs) {
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> open;  // by the hash of what is shared: the group that fills
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto [place, is_new] = open.try_emplace(spec_hash(prefix(specs[i], 1)), groups.size());
    if (!is_new && groups[place->second].size() == kMostMembers) place->second = groups.size();
    if (place->second == groups.size()) groups.emplace_back();
    groups[place->second].push_back(i);
  }
  return groups;
}

}  // namespace

NetworkEvaluator::NetworkEvaluator(const Supernet& supernet, const Dataset& data,
                                   const StopFlag& stop)
    : supernet_(supernet), data_(data), stop_(stop) {}

bool NetworkEvaluator::evaluate(const std::vector<Spec>& specs, const Done& done) {
  for (const std::vector<std::size_t>& group : first_stage_groups(specs)) {
    if (!evaluate_group(specs, group, done)) return false;
  }
  return true;
}

/// Those of `specs` whose indices are in `group`.
bool NetworkEvaluator::evaluate_group(const std::vector<Spec>& specs,
                                      const std::vector<std::size_t>& group,
                                      const Done& done) const {
  if (stop_.raised()) return false;
  std::vector<Spec> members;
  for (const std::size_t index : group) members.push_back(specs[index]);
  try {
    std::vector<Evaluation> evaluations = evaluate_family(members);
    for (std::size_t m = 0; m < group.size(); ++m) done(group[m], std::move(evaluations[m]));
    return true;
  } catch (const NotFinite& error) {
    if (group.size() == 1) {
      done(group.front(), Failure{error.what()});
      return true;
    }
  }
  // Some member's stage went wrong: each alone tells whose.
  return std::all_of(group.begin(), group.end(),
                     [&](std::size_t index) { return evaluate_group(specs, {index}, done); });
}

std::vector<Evaluation> NetworkEvaluator::evaluate_family(const std::vector<Spec>& specs) const {
  const SubnetFamily family = calibrated_family(supernet_, specs, data_);
  std::vector<ExitTable> tables = measure(family, data_, Split::kVal);
  std::vector<Evaluation> result;
  for (std::size_t m = 0; m < specs.size(); ++m) {
    const Plan& plan = family.plan(m);
    result.push_back({std::move(tables[m]), exit_macs(plan), parameters(plan)});
  }
  return result;
}

}  // namespace enas4d
