#include "eval/evaluate.h"

#include <utility>

#include "policy/thresholds.h"

namespace enas4d {
namespace {

void set_outcome(Record& record, Split split, Outcome outcome) {
  (split == Split::kVal ? record.val : record.test) = std::move(outcome);
}

/// Thresholds are fitted on val, whatever split they are applied to.
Json curve_json(const Subnet& subnet, const Policy& policy, const Dataset& data,
                const ExitTable& table, Split split) {
  constexpr int kPoints = 64;
  const ExitMacs macs = exit_macs(subnet.plan());
  const ExitTable& val = split == Split::kVal ? table : measure(subnet, data, Split::kVal);
  Json curve = Json::array();
  for (const OperatingPoint& point : accuracy_curve(val, macs, policy.confidence, kPoints)) {
    const Outcome outcome = apply(point.policy, table, macs);
    curve.push_back({{"average_macs", outcome.average_macs},
                     {"accuracy", outcome.accuracy},
                     {"policy", policy_object(point.policy)}});
  }
  return curve;
}

Json time_json(const Timing& timing) {
  return {{"batch", timing.batch},
          {"policy_seconds", timing.policy_seconds},
          {"full_seconds", timing.full_seconds},
          {"exit_seconds", timing.exit_seconds},
          {"time_ratio", timing.time_ratio},
          {"macs_ratio", timing.macs_ratio}};
}

}  // namespace

Policy policy_of(const Record& record) {
  if (record.policy) return *record.policy;
  Policy last;
  last.exit = static_cast<int>(record.spec.stages.size()) - 1;
  return last;
}

Record evaluate_record(const SupernetFile& file, const Dataset& data, Split split, Record record) {
  const auto other = record.hashes.find("checkpoint");
  if (other != record.hashes.end() && other->second != file.hash) {
    record.val.reset();  // were measured with other weights
    record.test.reset();
  }
  const Plan plan = lower(file.supernet->space(), record.spec);
  const ExitMacs macs = exit_macs(plan);
  const Subnet subnet = extract_calibrated(file.supernet, plan, data);
  record.space = file.space_hash;
  record.macs = macs.cumulative;
  record.params = parameters(plan);
  record.policy = policy_of(record);
  record.hashes["checkpoint"] = file.hash;
  record.hashes["data"] = data.description().hash;
  record.hashes["calibration"] = data.calibration_hash();
  set_outcome(record, split, apply(*record.policy, measure(subnet, data, split), macs));
  return record;
}

Json evaluate_model(const SubnetFile& file, const Dataset& data, const ModelEvaluation& options) {
  const Policy policy = policy_of(file.record);
  const ExitMacs macs = exit_macs(file.subnet.plan());
  const ExitTable table = measure(file.subnet, data, options.split);
  const EarlyExitRun run = run_early_exit(file.subnet, policy, data, options.split, options.batch);
  Outcome outcome = outcome_of(run, policy, data.labels(options.split), macs);
  outcome.exit_accuracy = apply(policy, table, macs).exit_accuracy;
  Record record = file.record;
  record.policy = policy;
  set_outcome(record, options.split, std::move(outcome));

  Json result = Json::parse(to_line(record));
  if (options.curve) {
    result["curve"] = curve_json(file.subnet, policy, data, table, options.split);
  }
  if (options.time) {
    constexpr int kRounds = 7;
    for (const auto& [batch, images] : {std::pair(64, 2048), std::pair(1, 512)}) {
      const TimingOptions timing{batch, kRounds, images};
      result["time"].push_back(
          time_json(time_policy(file.subnet, policy, data, options.split, timing)));
    }
  }
  return result;
}

}  // namespace enas4d
