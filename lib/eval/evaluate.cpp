#include "eval/evaluate.h"

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "eval/depth_exits.h"
#include "eval/report_json.h"
#include "policy/thresholds.h"
#include "util/cpu.h"
#include "util/error.h"
#include "util/units.h"

namespace enas4d {
namespace {

constexpr std::uint64_t kDepthExitsSeed = 1;

void set_outcome(Record& record, Split split, std::optional<Outcome> outcome) {
  (split == Split::kVal ? record.val : record.test) = std::move(outcome);
}

/// What policies fitted on val give on the split, and what they gave on val: who chooses one of
/// them chooses by that.
Json curve_json(const std::vector<OperatingPoint>& fitted, const ExitTable& table,
                const ExitMacs& macs) {
  Json curve = Json::array();
  for (const OperatingPoint& point : fitted) {
    const Outcome outcome = apply(point.policy, table, macs);
    curve.push_back({{"average_macs", outcome.average_macs},
                     {"accuracy", outcome.accuracy},
                     {"val_average_macs", point.average_macs},
                     {"val_accuracy", point.accuracy},
                     {"policy", policy_object(point.policy)}});
  }
  return curve;
}

void add_curves(const SubnetFile& file, const Dataset& data, const ExitTable& table, Split split,
                Json& result) {
  require_fittable(data);
  constexpr int kPoints = 64;
  const ExitMacs macs = exit_macs(file.subnet.plan());
  const Confidence confidence = policy_of(file.record).confidence;
  const ExitTable& val = split == Split::kVal ? table : measure(file.subnet, data, Split::kVal);
  result["curve"] = curve_json(accuracy_curve(val, macs, confidence, kPoints), table, macs);
  result["geometric_curve"] = curve_json(geometric_curve(val, macs, confidence), table, macs);
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

bool is_measured_with(const Record& record, const SupernetFile& file) {
  const auto weights = record.hashes.find("checkpoint");
  return weights != record.hashes.end() && weights->second == file.hash;
}

bool has_thresholds_of_others(const Record& record, const SupernetFile& file) {
  return record.policy && !record.policy->thresholds.empty() &&
         record.hashes.count("checkpoint") > 0 && !is_measured_with(record, file);
}

Record completed(Record record, const SupernetFile& file, const Plan& plan, const Dataset& data) {
  const std::map<std::string, std::string> origin = {{"checkpoint", file.hash},
                                                     {"data", data.description().hash},
                                                     {"calibration", data.calibration_hash()}};
  for (const auto& [name, hash] : origin) {
    std::string& own = record.hashes[name];  // figures without a hash are of something else, too
    if (own == hash) continue;
    own = hash;
    record.val.reset();
    record.test.reset();
    record.failure.reset();
  }
  record.space = file.space_hash;
  record.macs = exit_macs(plan).cumulative;
  record.params = parameters(plan);
  record.policy = policy_of(record);
  return record;
}

Record evaluate_record(const SupernetFile& file, const Dataset& data, Split split, Record record) {
  const Plan plan = lower(file.supernet->space(), record.spec);
  record = completed(std::move(record), file, plan, data);
  record.failure.reset();
  try {
    const Subnet subnet = extract_calibrated(file.supernet, plan, data);
    set_outcome(record, split,
                apply(*record.policy, measure(subnet, data, split), exit_macs(plan)));
  } catch (const NotFinite& error) {
    set_outcome(record, split, std::nullopt);
    record.failure = error.what();
  }
  return record;
}

Json depth_curve(const SupernetFile& file, const Dataset& data, Split split, const Record& record) {
  require_fittable(data);
  constexpr int kPoints = 64;
  const Policy policy = policy_of(record);
  const int stages = policy.exit ? *policy.exit + 1 : static_cast<int>(record.spec.stages.size());
  const Plan plan = lower(prefix(file.supernet->space(), stages), prefix(record.spec, stages));
  const DepthExits exits =
      depth_exits(extract_calibrated(file.supernet, plan, data), data, split, kDepthExitsSeed);
  return curve_json(accuracy_curve(exits.val, exits.macs, policy.confidence, kPoints),
                    exits.measured, exits.macs);
}

void fit_policy(SubnetFile& file, const Dataset& data, Confidence confidence, double average_macs) {
  require_fittable(data);
  const ExitTable table = measure(file.subnet, data, Split::kVal);
  const ExitMacs macs = exit_macs(file.subnet.plan());
  const auto point = fit_thresholds(table, macs, confidence, average_macs);
  if (!point) {
    const auto [budget, least] = format_apart(std::llround(average_macs), macs.cumulative.front());
    throw impossible(
        fmt::format("--average-macs: no policy of this network averages at most {} MACs; "
                    "reachable: {} to {}",
                    budget, least, format_count(macs.full())));
  }
  file.record.policy = point->policy;
  file.record.val = apply(point->policy, table, macs);
  file.record.test.reset();
}

ModelResult evaluate_model(const SubnetFile& file, const Dataset& data,
                           const ModelEvaluation& options) {
  const Policy policy = policy_of(file.record);
  const ExitMacs macs = exit_macs(file.subnet.plan());
  const ExitTable table = measure(file.subnet, data, options.split);
  EarlyExitRun run = run_early_exit(file.subnet, policy, data, options.split, options.batch);
  Outcome outcome = outcome_of(run, policy, data.labels(options.split), macs);
  outcome.exit_accuracy = apply(policy, table, macs).exit_accuracy;
  Record record = file.record;
  record.policy = policy;
  record.failure.reset();
  set_outcome(record, options.split, outcome);

  Json result = Json::parse(to_line(record));
  if (options.curve || options.report || options.time) result["split"] = to_word(options.split);
  if (options.curve) add_curves(file, data, table, options.split, result);
  if (options.report) {
    result["report"] = report_json(file, data, table, options.split);
    if (options.split == Split::kTest && file.record.val)
      result["report"]["transfer"] = transfer_json(*file.record.val, outcome, policy, macs);
  }
  // Before the times, for which many images are held at once.
  if (options.time || options.report) result["peak_mib"] = peak_memory_mib();
  if (options.time) {
    constexpr int kRounds = 7;
    for (const auto& [batch, images] : {std::pair(64, 2048), std::pair(1, 512)}) {
      const TimingOptions timing{batch, kRounds, images};
      result["time"].push_back(
          time_json(time_policy(file.subnet, policy, data, options.split, timing)));
    }
  }
  return {std::move(result), std::move(run)};
}

std::string predictions_csv(const EarlyExitRun& run, const std::vector<std::int32_t>& labels) {
  std::string text = "index,label,exit,class,confidence\n";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text += fmt::format(FMT_STRING("{},{},{},{},{:.6f}\n"), i, labels[i], run.exit[i] + 1,
                        run.predicted[i], run.confidence[i]);
  }
  return text;
}

}  // namespace enas4d
