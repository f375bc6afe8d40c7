// enas4d-search: searches a trained supernet for the specs and policies with the best accuracy at
// their average MACs.
#include <memory>

#include <fmt/format.h>

#include "arch/sample.h"
#include "checkpoint/weights_files.h"
#include "cli/common_options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "eval/network_evaluator.h"
#include "search/evolution.h"
#include "search/journal.h"
#include "search/record.h"
#include "tools/compute.h"
#include "tools/images.h"
#include "tools/tools.h"
#include "util/stop.h"

namespace enas4d {
namespace {

struct SearchToolOptions {
  std::string checkpoint;
  ImageOptions images;
  std::vector<std::int64_t> average_macs;
  bool front = false;
  MacsBounds macs;
  EvolutionOptions evolution;
  std::string journal;
  std::string output;
  std::optional<double> max_time;
  ComputeOptions compute;
};

void declare_search(SearchToolOptions& options, OptionList& list) {
  constexpr int kMostEvaluations = 1000000;
  EvolutionOptions& evolution = options.evolution;
  list.group("What to find");
  add_checkpoint(list, options.checkpoint).required = true;
  declare_images(options.images, list);
  list.add("--average-macs", options.average_macs,
           "budgets: the best spec and policy for each, in this order; absent = the whole front",
           CountFormat{});
  list.add("--front", options.front, "the whole front after the budgets' records");
  add_macs_bounds(list, options.macs);
  list.group("Search");
  list.add("--evaluations", evolution.evaluations, "distinct specs to evaluate in all",
           WholeRange{1, kMostEvaluations});
  list.add("--population", evolution.population, "specs kept from one generation to the next",
           WholeRange{2, kMostEvaluations});
  list.add("--mutation-rate", evolution.mutation_rate, "chance that one choice is drawn again",
           RealRange{0, 1});
  list.add("--crossover-share", evolution.crossover_share,
           "share of children that have two parents", RealRange{0, 1});
  list.add<Confidence>("--confidence", evolution.confidence, "what a policy's thresholds look at",
                       {{"max_softmax", Confidence::kMaxSoftmax},
                        {"margin", Confidence::kMargin},
                        {"entropy", Confidence::kEntropy}});
  list.add<PolicyKind>(
      "--policy", evolution.policies,
      "what to find for a spec: confidence thresholds, or the fixed exit of a static network",
      {{"thresholds", PolicyKind::kThresholds}, {"fixed", PolicyKind::kFixed}});
  add_seed(list, evolution.seed);
  list.group("Result");
  add_output(list, options.output, "records");
  list.add("--journal", options.journal,
           "keeps every evaluation, so that the same command goes on after a stop or a crash; "
           "OUTPUT.journal if it is absent and the output is a file",
           TextFormat{"DIR"});
  add_max_time(list, options.max_time);
  declare_compute(options.compute, list);
}

std::string journal_directory(const SearchToolOptions& options) {
  if (!options.journal.empty()) return options.journal;
  const bool to_file = !options.output.empty() && options.output != "-";
  return to_file ? options.output + ".journal" : "";
}

void write_members(const std::vector<FrontMember>& members, const JournalKey& key, Output& output) {
  for (const FrontMember& member : members) {
    Record record;
    record.space = key.space;
    record.spec = member.spec;
    record.macs = member.macs.cumulative;
    record.params = member.params;
    record.policy = member.point.policy;
    record.val = member.outcome;
    record.hashes = {
        {"checkpoint", key.checkpoint}, {"data", key.data}, {"calibration", key.calibration}};
    output.line(to_line(record));
  }
}

void show_progress(const SearchProgress& progress, Console& console) {
  const auto front = static_cast<double>(progress.front_size);
  console.progress(
      static_cast<double>(progress.evaluated) / static_cast<double>(progress.evaluations),
      fmt::format("{} of {} specs", progress.evaluated, progress.evaluations),
      {{"front", front, fmt::format("front of {}", progress.front_size)},
       {"hypervolume", progress.hypervolume,
        fmt::format("hypervolume {:.4f}", progress.hypervolume)}});
}

ExitStatus run_search(const SearchToolOptions& options, Session& session) {
  StopFlag stop;
  const SignalGuard signals(stop);
  if (options.max_time) stop.set_time_limit(*options.max_time);
  set_up_compute(options.compute, session.console);

  const SupernetFile file = load_supernet(options.checkpoint);
  const Dataset data = open_as_trained(options.images, file.data, session.console, &stop);
  const JournalKey key{file.space_hash, file.hash, data.description().hash,
                       data.calibration_hash()};
  Output output(options.output, session.streams.out);
  const std::string directory = journal_directory(options);
  const auto journal = directory.empty() ? nullptr : std::make_unique<Journal>(directory, key);

  EvolutionOptions evolution = options.evolution;
  evolution.window = {options.macs.least.value_or(0), options.macs.most.value_or(INT64_MAX)};
  NetworkEvaluator evaluator(file.supernet, data, stop);
  const std::vector<double> budgets(options.average_macs.begin(), options.average_macs.end());
  const SearchResult result =
      evolve(file.supernet->space(), evaluator, journal.get(), evolution, budgets, stop,
             [&](const SearchProgress& progress) { show_progress(progress, session.console); });
  if (!result.finished) {
    session.console.info(journal ? fmt::format("stopped with {} evaluations in {}, the same "
                                               "command goes on",
                                               journal->size(), directory)
                                 : "stopped; without a --journal nothing is kept");
    return ExitStatus::kStopped;
  }
  write_members(result.at_budgets, key, output);
  if (budgets.empty() || options.front) write_members(result.front, key, output);
  output.finish();
  return ExitStatus::kDone;
}

}  // namespace

const Tool& search_tool() {
  static const Tool tool{
      "enas4d-search",
      "find the specs and exit policies with the best accuracy at their average MACs",
      "Evaluates specs of a trained supernet on the validation split, never on test, and writes "
      "one record a line: a spec, the policy fitted for it and what both give on val. Status 4 if "
      "nothing fits a budget.",
      {{"enas4d-search --checkpoint run/supernet.safetensors --data cifar10:DIR "
        "--average-macs 5M,10M,15M -o front.jsonl",
        "the best for three budgets"},
       {"enas4d-search --checkpoint run/supernet.safetensors --data cifar10:DIR "
        "--evaluations 1000 > front.jsonl",
        "the whole front of a longer search"}},
      tool_of(declare_search, run_search)};
  return tool;
}

}  // namespace enas4d
