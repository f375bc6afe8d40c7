// enas4d-eval: measures what is shipped: specs of a supernet, or one exported network.
#include <fmt/format.h>

#include "checkpoint/weights_files.h"
#include "cli/common_options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "eval/measure.h"
#include "policy/thresholds.h"
#include "search/record.h"
#include "tools/compute.h"
#include "tools/tools.h"
#include "util/stop.h"

namespace enas4d {
namespace {

struct EvalOptions {
  std::string model;
  std::string checkpoint;
  std::string specs;
  std::string data;
  Split split = Split::kVal;
  int batch = kEvaluationBatch;
  bool curve = false;
  bool time = false;
  std::string output;
  ComputeOptions compute;
};

void declare_eval(EvalOptions& options, OptionList& list) {
  constexpr int kMostBatch = 100000;
  list.group("Networks");
  list.add("--model", options.model, "an exported network: net/subnet.safetensors",
           TextFormat{"FILE"});
  add_checkpoint(list, options.checkpoint);
  add_specs(list, options.specs);
  list.group("Measurement");
  add_data(list, options.data).required = true;
  list.add<Split>("--split", options.split, "the images to measure on",
                  {{"val", Split::kVal}, {"test", Split::kTest}});
  list.add("--batch", options.batch, "with --model: images that enter together",
           WholeRange{1, kMostBatch});
  list.add("--curve", options.curve,
           "with --model: accuracies over average MACs, of policies fitted on val");
  list.add("--time", options.time, "with --model: wall-clock times at batch 64 and 1");
  list.group("Result");
  add_output(list, options.output, "records");
  declare_compute(options.compute, list);
}

void check_eval_combination(const EvalOptions& options) {
  const bool of_specs = !options.checkpoint.empty() && !options.specs.empty();
  const bool any_of_specs = !options.checkpoint.empty() || !options.specs.empty();
  if (options.model.empty() ? !of_specs : any_of_specs) {
    throw usage_error("either --model FILE or --checkpoint FILE with --specs FILE is required");
  }
  if (!options.model.empty()) return;
  if (options.curve) throw usage_error("--curve: goes with --model only");
  if (options.time) throw usage_error("--time: goes with --model only");
}

/// The record's policy; without one the network runs to its last exit.
Policy policy_of(const Record& record) {
  if (record.policy) return *record.policy;
  Policy last;
  last.exit = static_cast<int>(record.spec.stages.size()) - 1;
  return last;
}

void set_outcome(Record& record, Split split, Outcome outcome) {
  (split == Split::kVal ? record.val : record.test) = std::move(outcome);
}

/// Extracts, calibrates and measures one spec; `record` gets all that is known then.
void evaluate_record(const SupernetFile& file, const Dataset& data, Split split, Record& record) {
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
}

ExitStatus evaluate_specs(const EvalOptions& options, Session& session, Output& output) {
  StopFlag stop;
  const SignalGuard signals(stop);
  const SupernetFile file = load_supernet(options.checkpoint);
  std::vector<Record> records =
      read_records_from(options.specs, session.streams.in, &file.supernet->space());
  const Dataset data = Dataset::open_as(options.data, file.data);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (stop.raised()) {
      session.console.info(fmt::format("stopped after {} of {} records", i, records.size()));
      return ExitStatus::kStopped;
    }
    evaluate_record(file, data, options.split, records[i]);
    output.line(to_line(records[i]));
    output.flush();
    session.console.progress(static_cast<double>(i + 1) / static_cast<double>(records.size()),
                             fmt::format("{} of {} records", i + 1, records.size()));
  }
  output.finish();
  return ExitStatus::kDone;
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

/// The network's record with the outcome of true early exit, and the curve and times that were
/// asked for.
ExitStatus evaluate_model(const EvalOptions& options, Output& output) {
  SubnetFile file = load_subnet(options.model);
  const Dataset data = Dataset::open_as(options.data, file.data);
  const Policy policy = policy_of(file.record);
  const ExitMacs macs = exit_macs(file.subnet.plan());
  const ExitTable table = measure(file.subnet, data, options.split);
  Outcome outcome =
      outcome_of(run_early_exit(file.subnet, policy, data, options.split, options.batch), policy,
                 data.labels(options.split), macs);
  outcome.exit_accuracy = apply(policy, table, macs).exit_accuracy;
  file.record.policy = policy;
  set_outcome(file.record, options.split, std::move(outcome));

  Json result = JsonValue::parse(to_line(file.record), options.model).raw();
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
  output.line(result.dump());
  output.finish();
  return ExitStatus::kDone;
}

ExitStatus run_eval(const EvalOptions& options, Session& session) {
  check_eval_combination(options);
  set_up_compute(options.compute, session.console);
  Output output(options.output, session.streams.out);
  return options.model.empty() ? evaluate_specs(options, session, output)
                               : evaluate_model(options, output);
}

}  // namespace

const Tool& eval_tool() {
  static const Tool tool{
      "enas4d-eval",
      "measure specs of a supernet, or an exported network with true early exit",
      "With --checkpoint and --specs: each spec's network is extracted, calibrated and measured, "
      "and its record written with the outcome. With --model: one JSON object, the network's "
      "record with what true early exit gave, and curve and times if they are asked for. Nothing "
      "is ever fitted on the test split.",
      {{"enas4d-eval --checkpoint run/supernet.safetensors --data cifar10:DIR --specs specs.jsonl "
        "> records.jsonl",
        "accuracies of a sample on val"},
       {"enas4d-eval --model net/subnet.safetensors --data cifar10:DIR --split test --curve --time",
        "the final result"}},
      tool_of(declare_eval, run_eval)};
  return tool;
}

}  // namespace enas4d
