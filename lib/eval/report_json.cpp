#include "eval/report_json.h"

#include <string>
#include <vector>

#include "eval/evaluate.h"
#include "eval/measure.h"
#include "policy/report.h"

namespace enas4d {
namespace {

constexpr std::uint64_t kBootstrapSeed = 1;
constexpr int kTop = 5;

Json interval_json(const Interval& interval) {
  return Json::array({interval.low, interval.high});
}

Json exits_json(const SubnetFile& file, const Dataset& data, const ExitTable& table, Split split) {
  const ExitMacs macs = exit_macs(file.subnet.plan());
  std::vector<double> top;
  if (table.classes > kTop) top = top_accuracies(file.subnet, data, split, kTop);
  Json exits = Json::array();
  for (int stage = 0; stage < table.stages(); ++stage) {
    const auto s = static_cast<std::size_t>(stage);
    Policy fixed;
    fixed.exit = stage;
    Json exit = {{"accuracy", apply(fixed, table, macs).accuracy},
                 {"macs", macs.cumulative[s]},
                 {"macs_alone", macs.alone[s]},
                 {"calibration_error", calibration_error(table, stage)}};
    if (!top.empty()) exit["top5_accuracy"] = top[s];
    exits.push_back(std::move(exit));
  }
  return exits;
}

Json classes_json(const Policy& policy, const ExitTable& table,
                  const std::vector<std::string>& names) {
  Json classes = Json::array();
  std::size_t index = 0;
  for (const ClassOutcome& one : class_outcomes(policy, table)) {
    Json line = {{"class", index}, {"images", one.images}};
    if (one.images > 0) {
      line["accuracy"] = one.accuracy;
      line["exit_share"] = one.exit_share;
    }
    if (index < names.size()) line["name"] = names[index];
    classes.push_back(std::move(line));
    ++index;
  }
  return classes;
}

Json point_json(const Outcome& outcome) {
  return {{"accuracy", outcome.accuracy},
          {"average_macs", outcome.average_macs},
          {"exit_share", outcome.exit_share}};
}

}  // namespace

Json transfer_json(const Outcome& val, const Outcome& test, const Policy& policy,
                   const ExitMacs& macs) {
  const Interval interval = transferred_macs(val, test, policy, macs);
  return {{"val_average_macs", val.average_macs},
          {"test_average_macs", test.average_macs},
          {"interval", interval_json(interval)},
          {"inside", interval.low <= test.average_macs && test.average_macs <= interval.high}};
}

Json report_json(const SubnetFile& file, const Dataset& data, const ExitTable& table, Split split) {
  const Policy policy = policy_of(file.record);
  const ExitMacs macs = exit_macs(file.subnet.plan());
  const OutcomeIntervals intervals = bootstrap(policy, table, macs, kBootstrapSeed);
  Json report = {{"exits", exits_json(file, data, table, split)},
                 {"classes", classes_json(policy, table, data.description().class_names)},
                 {"intervals",
                  {{"accuracy", interval_json(intervals.accuracy)},
                   {"average_macs", interval_json(intervals.average_macs)}}},
                 {"oracle", point_json(oracle(table, macs))}};
  if (!policy.exit)
    report["random_exits"] = point_json(random_exits(apply(policy, table, macs), macs));
  return report;
}

}  // namespace enas4d
