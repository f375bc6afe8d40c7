// enas4d-eval: measures what is shipped: specs of a supernet, or one exported network.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checkpoint/weights_files.h"
#include "cli/common_options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "eval/early_exit.h"
#include "eval/evaluate.h"
#include "search/record.h"
#include "tools/compute.h"
#include "tools/confidence.h"
#include "tools/images.h"
#include "tools/tools.h"
#include "util/error.h"
#include "util/files.h"
#include "util/stop.h"

namespace enas4d {
namespace {

struct EvalOptions {
  std::string model;
  std::string checkpoint;
  std::string specs;
  ImageOptions images;
  ModelEvaluation measurement;
  bool depth_exits = false;
  bool fit_policy = false;
  std::optional<std::int64_t> average_macs;
  Confidence confidence = Confidence::kMaxSoftmax;
  std::string predictions;
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
  declare_images(options.images, list);
  list.add<Split>("--split", options.measurement.split, "the images to measure on",
                  {{"val", Split::kVal}, {"test", Split::kTest}});
  list.add("--batch", options.measurement.batch, "with --model: images that enter together",
           WholeRange{1, kMostBatch});
  list.add(
      "--curve", options.measurement.curve,
      "with --model: add the accuracy over the average MACs of policies fitted on val (budgeted "
      "classification)");
  list.add("--time", options.measurement.time,
           "with --model: wall-clock seconds per image at batch 64 and 1");
  list.add(
      "--depth-exits", options.depth_exits,
      "with --specs: add depth_curve to each line: as a control, what the static network would "
      "give "
      "with exits along its depth, whose classifiers are trained while the rest stays as it is");
  list.add("--report", options.measurement.report,
           "with --model: exits (anytime: the accuracy of each at its cumulative MACs), classes, "
           "intervals, and what an oracle and random exits would give");
  list.add("--fit-policy", options.fit_policy,
           "with --model: fit thresholds anew, on val, for --average-macs; no supernet is needed");
  list.add("--average-macs", options.average_macs, "with --fit-policy: the budget, as 4M",
           CountFormat{});
  add_confidence(list, options.confidence, "with --fit-policy: ");
  list.group("Result");
  list.add("--predictions", options.predictions,
           "with --model: a CSV file with a heading and a line for each image: "
           "index,label,exit,class,confidence; exits count from 1, all else from 0",
           TextFormat{"FILE"});
  add_output(list, options.output, "records, or of the JSON object");
  declare_compute(options.compute, list);
}

void check_eval_combination(const EvalOptions& options) {
  const bool of_specs = !options.checkpoint.empty() && !options.specs.empty();
  const bool any_of_specs = !options.checkpoint.empty() || !options.specs.empty();
  if (options.model.empty() ? !of_specs : any_of_specs) {
    throw usage_error("either --model FILE or --checkpoint FILE with --specs FILE is required");
  }
  if (options.fit_policy != options.average_macs.has_value()) {
    throw usage_error("--fit-policy and --average-macs go together");
  }
  // A printed configuration says the defaults, so these are no contradiction.
  const EvalOptions defaults;
  if (!options.fit_policy && options.confidence != defaults.confidence) {
    throw usage_error("--confidence: goes with --fit-policy only");
  }
  if (options.predictions == "-") throw usage_error("--predictions: must be a file, got '-'");
  if (!options.predictions.empty() && !options.output.empty() &&
      whole_path(options.predictions) == whole_path(options.output)) {
    throw usage_error("--predictions: must be another file than --output");
  }
  if (!options.model.empty()) {
    if (options.depth_exits) throw usage_error("--depth-exits: goes with --specs only");
    return;
  }
  const ModelEvaluation& measurement = options.measurement;
  for (const auto& [set, flag] :
       {std::pair(measurement.batch != defaults.measurement.batch, "--batch"),
        std::pair(measurement.curve, "--curve"), std::pair(measurement.time, "--time"),
        std::pair(measurement.report, "--report"), std::pair(options.fit_policy, "--fit-policy"),
        std::pair(!options.predictions.empty(), "--predictions")}) {
    if (set) throw usage_error(fmt::format("{}: goes with --model only", flag));
  }
}

/// The data that the networks were trained on, which has to have the split.
Dataset open_split(const EvalOptions& options, const DataDescription& trained, Console& console,
                   const StopFlag* stop = nullptr) {
  Dataset data = open_as_trained(options.images, trained, console, stop);
  if (data.size(options.measurement.split) == 0) {
    throw bad_input(options.images.data, "has no test images");
  }
  return data;
}

/// Measures a record; its line, with the control if that is asked for. What cannot be measured
/// becomes its failure.
std::string measured_line(const EvalOptions& options, const SupernetFile& file, const Dataset& data,
                          Record& record) {
  record = evaluate_record(file, data, options.measurement.split, std::move(record));
  if (!options.depth_exits || record.failure) return to_line(record);
  try {
    Json result = Json::parse(to_line(record));
    result["depth_curve"] = depth_curve(file, data, options.measurement.split, record);
    return result.dump();
  } catch (const NotFinite& error) {
    record.failure = fmt::format("exits along depth: {}", error.what());
    return to_line(record);
  }
}

/// Such a record's figures are replaced, its thresholds are not.
void warn_of_other_weights(const std::vector<Record>& records, const SupernetFile& file,
                           Console& console) {
  const auto others = std::count_if(records.begin(), records.end(), [&](const Record& record) {
    return has_thresholds_of_others(record, file);
  });
  if (others == 0) return;
  console.warning(
      fmt::format("thresholds of {} of {} records were fitted for other weights and "
                  "may not suit these",
                  others, records.size()));
}

/// What was measured is written, whatever happens to the other records.
ExitStatus evaluate_specs(const EvalOptions& options, Session& session, Output& output) {
  StopFlag stop;
  const SignalGuard signals(stop);
  const SupernetFile file = load_supernet(options.checkpoint);
  const std::vector<Record> records =
      read_records_from(options.specs, session.streams.in, &file.supernet->space());
  if (records.empty()) {
    const std::string source = options.specs == "-" ? "standard input" : options.specs;
    throw bad_input(source, "must hold a spec or a record, is empty");
  }
  warn_of_other_weights(records, file, session.console);
  const Dataset data = open_split(options, file.data, session.console, &stop);
  if (options.depth_exits) require_fittable(data);
  int failures = 0;
  std::string first_failure;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (stop.raised()) {
      const std::string where = i > 0 ? output.finish_partly() : "";
      session.console.info(
          fmt::format("stopped after {} of {} records{}", i, records.size(), where));
      return ExitStatus::kStopped;
    }
    Record measured = records[i];
    try {
      output.line(measured_line(options, file, data, measured));
    } catch (const std::exception&) {
      if (i > 0) output.finish_partly();
      throw;
    }
    if (measured.failure && failures++ == 0) {
      first_failure = fmt::format("record {}: {}", i + 1, *measured.failure);
    }
    output.flush();
    session.console.progress(static_cast<double>(i + 1) / static_cast<double>(records.size()),
                             fmt::format("{} of {} records", i + 1, records.size()));
  }
  output.finish();
  if (failures == 0) return ExitStatus::kDone;
  throw failed(fmt::format("{} of {} records could not be measured, first {}", failures,
                           records.size(), first_failure));
}

ExitStatus evaluate_network(const EvalOptions& options, Session& session, Output& output) try {
  SubnetFile file = load_subnet(options.model);
  const Dataset data = open_split(options, file.data, session.console);
  std::optional<AtomicFile> predictions;
  if (!options.predictions.empty()) predictions.emplace(options.predictions);
  if (options.fit_policy) {
    fit_policy(file, data, options.confidence, static_cast<double>(*options.average_macs));
  }
  const ModelResult result = evaluate_model(file, data, options.measurement);
  if (predictions) {
    predictions->write(predictions_csv(result.run, data.labels(options.measurement.split)));
    predictions->commit();
  }
  output.line(result.json.dump());
  output.finish();
  return ExitStatus::kDone;
} catch (const NotFinite& error) {
  throw failed(fmt::format("{}: {}", options.model, error.what()));
}

ExitStatus run_eval(const EvalOptions& options, Session& session) {
  check_eval_combination(options);
  set_up_compute(options.compute, session.console);
  Output output(options.output, session.streams.out);
  return options.model.empty() ? evaluate_specs(options, session, output)
                               : evaluate_network(options, session, output);
}

}  // namespace

const Tool& eval_tool() {
  static const Tool tool{
      "enas4d-eval",
      "measure specs of a supernet, or an exported network with true early exit",
      "With --checkpoint and --specs: each spec's network is extracted, calibrated and measured, "
      "and its record written with the outcome. With --model: one JSON object, the network's "
      "record with what true early exit gave; curve, times and a report if they are asked for. "
      "Nothing is ever fitted on the test split.",
      {{"enas4d-eval --checkpoint run/supernet.safetensors --data cifar10:DIR --specs specs.jsonl "
        "> records.jsonl",
        "accuracies of a sample on val"},
       {"enas4d-eval --model net/subnet.safetensors --data cifar10:DIR --split test --curve --time",
        "the final result"}},
      tool_of(declare_eval, run_eval),
      {"--model FILE --data NAME[:DIR]", "--checkpoint FILE --specs FILE --data NAME[:DIR]"}};
  return tool;
}

}  // namespace enas4d
