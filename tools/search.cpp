// enas4d-search: searches a trained supernet for the specs and policies with the best accuracy at
// their average MACs.
#include "search/search.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "arch/sample.h"
#include "checkpoint/weights_files.h"
#include "cli/common_options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "eval/measure.h"
#include "eval/network_evaluator.h"
#include "search/journal.h"
#include "search/record.h"
#include "search/shards.h"
#include "tools/compute.h"
#include "tools/confidence.h"
#include "tools/images.h"
#include "tools/limits.h"
#include "tools/tools.h"
#include "util/files.h"
#include "util/stop.h"
#include "util/stopwatch.h"
#include "util/units.h"

namespace enas4d {
namespace {

struct SearchToolOptions {
  std::string checkpoint;
  ImageOptions images;
  std::vector<std::int64_t> average_macs;
  std::vector<double> min_accuracy;
  bool front = false;
  SizeBounds bounds;
  std::string specs;
  SearchOptions search;
  std::string journal;
  std::string shard;
  std::string output;
  std::optional<double> max_time;
  ComputeOptions compute;
};

void declare_search(SearchToolOptions& options, OptionList& list) {
  constexpr int kMostEvaluations = 1000000;
  SearchOptions& search = options.search;
  list.group("What to find");
  add_checkpoint(list, options.checkpoint).required = true;
  declare_images(options.images, list);
  list.add(
      "--average-macs", options.average_macs,
      "budgets: the best spec and policy for each, in this order; without this and --min-accuracy "
      "the whole front is written",
      CountFormat{});
  list.add("--min-accuracy", options.min_accuracy,
           "accuracies on val, as 0.9: the spec and policy with the least average MACs for each",
           RealRange{0, 1});
  list.add("--front", options.front, "the whole front after the records of budgets and accuracies");
  add_size_bounds(list, options.bounds);
  list.group("Search");
  list.add<SearchStrategy>(
      "--strategy", search.strategy,
      "evolution: NSGA-II over whole specs; stagewise: the first stages are evolved alone, and the "
      "best of them extended; random: uniform draws",
      {{"evolution", SearchStrategy::kEvolution},
       {"stagewise", SearchStrategy::kStagewise},
       {"random", SearchStrategy::kRandom}});
  list.add(
      "--evaluations", search.evaluations,
      "distinct networks to evaluate in all, with stagewise also those of the first stages; small "
      "spaces end earlier",
      WholeRange{1, kMostEvaluations});
  list.add(
      "--patience", search.patience,
      "end, with stagewise the stages under way, after so many evaluations that added less than "
      "0.01 % to the front's hypervolume; 0 = never",
      WholeRange{0, kMostEvaluations});
  add_specs(list, options.specs);
  list.add("--population", search.evolution.population,
           "with evolution and stagewise: specs kept from one generation to the next; 0 = an "
           "eighth of the evaluations, 8 to 20",
           WholeRange{0, kMostEvaluations});
  list.add("--children", search.evolution.children,
           "with evolution and stagewise: new specs of a generation; 0 = half the population",
           WholeRange{0, kMostEvaluations});
  list.add("--beam", search.beam,
           "with stagewise: first stages that are extended, at most the population",
           WholeRange{1, kMostEvaluations});
  list.add("--mutation-rate", search.evolution.mutation_rate,
           "with evolution and stagewise: chance that one choice is drawn again", RealRange{0, 1});
  list.add("--crossover-share", search.evolution.crossover_share,
           "with evolution and stagewise: share of children that have two parents",
           RealRange{0, 1});
  add_confidence(list, search.curve.confidence);
  list.add<PolicyKind>(
      "--policy", search.curve.policies,
      "what to find for a spec: confidence thresholds, or the fixed exit of a static network",
      {{"thresholds", PolicyKind::kThresholds}, {"fixed", PolicyKind::kFixed}});
  add_seed(list, search.seed);
  list.group("Result");
  add_output(list, options.output, "records");
  list.add("--journal", options.journal,
           "keeps every evaluation, so that the same command goes on after a stop or a crash; "
           "OUTPUT.journal if it is absent and the output is a file",
           TextFormat{"DIR"});
  list.add(
      "--shard", options.shard,
      "one of several processes that search together: 2/3 is the second of three; all with one "
      "--journal and the same search, each with its own output",
      TextFormat{"I/N"});
  add_max_time(list, options.max_time);
  declare_compute(options.compute, list);
}

std::string journal_directory(const SearchToolOptions& options) {
  if (!options.journal.empty()) return options.journal;
  const bool to_file =
      !options.output.empty() && options.output != "-" && !is_special_file(options.output);
  return to_file ? options.output + ".journal" : "";
}

std::vector<Spec> specs_to_begin_with(const SearchToolOptions& options, const Space& space,
                                      Session& session) {
  std::vector<Spec> begin_with;
  if (options.specs.empty()) return begin_with;
  for (Record& record : read_records_from(options.specs, session.streams.in, &space)) {
    begin_with.push_back(std::move(record.spec));
  }
  if (begin_with.size() > static_cast<std::size_t>(options.search.evaluations)) {
    session.console.warning(
        fmt::format("--specs: has {} specs to begin with, more than the {} of "
                    "--evaluations: the last ones are not evaluated",
                    begin_with.size(), options.search.evaluations));
  }
  return begin_with;
}

/// The result appears at the end, and would then replace what the journal holds.
void require_outside_journal(const std::string& output, const std::string& directory) {
  if (output.empty() || output == "-" || directory.empty()) return;
  const std::filesystem::path file = whole_path(output), folder = whole_path(directory);
  const bool is_lines =
      file.parent_path() == folder && file.filename().string().rfind("journal", 0) == 0;
  if (file == folder || is_lines) {
    throw usage_error("--output: must not be the journal, " + directory + ", or a file of it");
  }
}

/// "2/3"; without it, the one there is.
Shard shard_in(const std::string& text) {
  constexpr int kMostShards = 10000;
  Shard shard;
  if (text.empty()) return shard;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%d/%d%c", &shard.index, &shard.count, &rest) != 2 ||
      shard.index < 1 || shard.index > shard.count || shard.count > kMostShards) {
    throw usage_error(fmt::format("--shard: must be I/N with I from 1 to N, got '{}'", text));
  }
  return shard;
}

void check_evaluations(const SearchOptions& options, const Space& space) {
  if (options.strategy != SearchStrategy::kStagewise || options.evaluations >= space.stages) return;
  throw usage_error(fmt::format(
      "--evaluations: must be at least {} with --strategy stagewise, one for each stage, got {}",
      space.stages, options.evaluations));
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

/// Tells how far the search is, and how fast: what the journal knew takes no time.
class ProgressReport {
 public:
  explicit ProgressReport(Console& console) : console_(console) {}

  void operator()(const SearchProgress& progress) {
    std::vector<Figure> figures = {
        {"stages", static_cast<double>(progress.stages),
         fmt::format("of {} stage{}", progress.stages, progress.stages == 1 ? "" : "s")},
        {"front", static_cast<double>(progress.front_size),
         fmt::format("front of {}", progress.front_size)},
        {"hypervolume", progress.hypervolume,
         fmt::format("hypervolume {:.4f}", progress.hypervolume)}};
    if (progress.evaluated > progress.recalled) {
      const double rate = (progress.evaluated - progress.recalled) / watch_.seconds() * 60;
      const double left = (progress.evaluations - progress.evaluated) / rate * 60;
      figures.push_back({"evaluations_per_minute", rate, fmt::format("{:.0f} a minute", rate)});
      figures.push_back({"seconds_left", left, fmt::format("{} left", format_duration(left))});
    }
    console_.progress(
        static_cast<double>(progress.evaluated) / static_cast<double>(progress.evaluations),
        fmt::format("{} of {} networks", progress.evaluated, progress.evaluations), figures);
  }

 private:
  Console& console_;
  Stopwatch watch_;
};

ShardedEvaluator sharded(Evaluator& networks, Journal& journal, const StopFlag& stop,
                         Console& console) {
  constexpr auto kPause = std::chrono::milliseconds(200);
  constexpr int kPatience = 300;  // a minute
  return {
      networks,
      journal,
      stop,
      kPatience,
      [=] { std::this_thread::sleep_for(kPause); },
      [&](int lost) {
        console.info(fmt::format("shard {} does not run: its networks are evaluated here", lost));
      }};
}

/// Writes what was found, says what there is to say of it.
ExitStatus tell_result(const SearchResult& result, const SearchToolOptions& options,
                       const JournalKey& key, Output& output, Console& console) {
  if (result.failed > 0) {
    console.warning(fmt::format("{} of {} networks could not be measured: {}", result.failed,
                                result.evaluated, result.first_failure));
  }
  if (result.evaluated < options.search.evaluations && options.search.patience == 0) {
    console.info(fmt::format("ended after {} of {} networks: no new ones were found",
                             result.evaluated, options.search.evaluations));
  }
  const bool no_goals = options.average_macs.empty() && options.min_accuracy.empty();
  const bool with_front = no_goals || options.front;
  write_members(result.at_budgets, key, output);
  write_members(result.at_accuracies, key, output);
  if (with_front) write_members(result.front, key, output);
  // A goal that is not met costs no other its record; where none is met nothing is written.
  if (with_front || result.at_budgets.size() + result.at_accuracies.size() > 0) output.finish();
  for (const std::string& line : result.unmet) console.error(line);
  return result.unmet.empty() ? ExitStatus::kDone : ExitStatus::kImpossible;
}

ExitStatus run_search(const SearchToolOptions& options, Session& session) {
  const Shard shard = shard_in(options.shard);
  if (shard.count > 1 && options.journal.empty()) {
    throw usage_error("--shard: needs the --journal that all shards share");
  }
  const std::string directory = journal_directory(options);
  require_outside_journal(options.output, directory);
  StopFlag stop;
  const SignalGuard signals(stop);
  if (options.max_time) stop.set_time_limit(*options.max_time);
  set_up_compute(options.compute, session.console);

  const SupernetFile file = load_supernet(options.checkpoint);
  check_evaluations(options.search, file.supernet->space());
  std::vector<Spec> begin_with = specs_to_begin_with(options, file.supernet->space(), session);
  const Dataset data = open_as_trained(options.images, file.data, session.console, &stop);
  require_fittable(data);
  const JournalKey key{file.space_hash, file.hash, data.description().hash,
                       data.calibration_hash()};
  Output output(options.output, session.streams.out);
  SearchOptions search_options = options.search;
  search_options.limits = limits_of(options.bounds);
  search_options.begin_with = std::move(begin_with);
  const auto journal = directory.empty() ? nullptr
                                         : std::make_unique<Journal>(directory, key, shard,
                                                                     search_hash(search_options));

  NetworkEvaluator networks(file.supernet, data, stop);
  std::optional<ShardedEvaluator> shards;
  if (shard.count > 1) shards.emplace(sharded(networks, *journal, stop, session.console));
  Evaluator& evaluator = shards ? static_cast<Evaluator&>(*shards) : networks;
  const SearchGoals goals{{options.average_macs.begin(), options.average_macs.end()},
                          options.min_accuracy};
  ProgressReport report(session.console);
  const SearchResult result = search(file.supernet->space(), evaluator, journal.get(),
                                     search_options, goals, stop, std::ref(report));
  if (!result.finished) {
    session.console.info(journal ? fmt::format("stopped with {} evaluations in {}, the same "
                                               "command goes on",
                                               journal->size(), directory)
                                 : "stopped; without a --journal nothing is kept");
    return ExitStatus::kStopped;
  }
  return tell_result(result, options, key, output, session.console);
}

}  // namespace

const Tool& search_tool() {
  static const Tool tool{
      "enas4d-search",
      "find the specs and exit policies with the best accuracy at their average MACs",
      "Evaluates specs of a trained supernet on the validation split, never on test, and writes "
      "one record a line: a spec, the policy fitted for it and what both give on val. Begins with "
      "--specs, where given. Status 4 if nothing fits one of the budgets or reaches one of the "
      "accuracies; the others have their records.",
      {{"enas4d-search --checkpoint run/supernet.safetensors --data cifar10:DIR "
        "--average-macs 5M,10M,15M -o front.jsonl",
        "the best for three budgets"},
       {"enas4d-search --checkpoint run/supernet.safetensors --data cifar10:DIR "
        "--evaluations 1000 -o front.jsonl",
        "the whole front of a longer search"}},
      tool_of(declare_search, run_search)};
  return tool;
}

}  // namespace enas4d
