// enas4d-eval: measures what is shipped: specs of a supernet, or one exported network.
#include <fmt/format.h>

#include "checkpoint/weights_files.h"
#include "cli/common_options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "eval/evaluate.h"
#include "search/record.h"
#include "tools/compute.h"
#include "tools/images.h"
#include "tools/tools.h"
#include "util/stop.h"

namespace enas4d {
namespace {

struct EvalOptions {
  std::string model;
  std::string checkpoint;
  std::string specs;
  ImageOptions images;
  ModelEvaluation measurement;
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
  list.add("--curve", options.measurement.curve,
           "with --model: accuracies over average MACs, of policies fitted on val");
  list.add("--time", options.measurement.time, "with --model: wall-clock times at batch 64 and 1");
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
  if (options.measurement.curve) throw usage_error("--curve: goes with --model only");
  if (options.measurement.time) throw usage_error("--time: goes with --model only");
}

ExitStatus evaluate_specs(const EvalOptions& options, Session& session, Output& output) {
  StopFlag stop;
  const SignalGuard signals(stop);
  const SupernetFile file = load_supernet(options.checkpoint);
  const std::vector<Record> records =
      read_records_from(options.specs, session.streams.in, &file.supernet->space());
  const Dataset data = open_as_trained(options.images, file.data, session.console, &stop);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (stop.raised()) {
      session.console.info(fmt::format("stopped after {} of {} records", i, records.size()));
      return ExitStatus::kStopped;
    }
    const Record measured = evaluate_record(file, data, options.measurement.split, records[i]);
    output.line(to_line(measured));
    output.flush();
    session.console.progress(static_cast<double>(i + 1) / static_cast<double>(records.size()),
                             fmt::format("{} of {} records", i + 1, records.size()));
  }
  output.finish();
  return ExitStatus::kDone;
}

ExitStatus evaluate_network(const EvalOptions& options, Session& session, Output& output) {
  const SubnetFile file = load_subnet(options.model);
  const Dataset data = open_as_trained(options.images, file.data, session.console);
  output.line(evaluate_model(file, data, options.measurement).dump());
  output.finish();
  return ExitStatus::kDone;
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
