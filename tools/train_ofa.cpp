// enas4d-train-ofa: trains the once-for-all network, or goes on where it stopped.
#include <utility>

#include <fmt/format.h>

#include "cli/common_options.h"
#include "data/dataset.h"
#include "dist/gloo_ranks.h"
#include "search/record.h"
#include "tools/compute.h"
#include "tools/images.h"
#include "tools/ranks.h"
#include "tools/tools.h"
#include "train/ranks_share.h"
#include "train/recipe.h"
#include "train/train.h"
#include "util/cpu.h"
#include "util/error.h"
#include "util/stop.h"
#include "util/stopwatch.h"
#include "util/units.h"

namespace enas4d {
namespace {

struct TrainToolOptions {
  std::string space;
  std::string recipe;
  ImageOptions images;
  std::string output;
  std::string init_from;
  std::string specs;
  double epochs = 0;
  bool bf16 = false;
  std::uint64_t seed = 1;
  std::uint64_t split_seed = 1;
  int workers = 1;
  int checkpoint_steps = 200;
  std::optional<double> max_time;
  ComputeOptions compute;
  RankOptions ranks;
};

void declare_train(TrainToolOptions& options, OptionList& list) {
  constexpr double kMostEpochs = 100000;
  constexpr int kMostSteps = 1000000;
  list.group("Training");
  add_space(list, options.space).required = true;
  add_recipe(list, options.recipe).help =
      "the training recipe: a shipped name such as sandwich, or a file, whose path has a / or ends "
      "in .json; - is standard input; absent = progressive-shrinking, or sandwich for one network";
  declare_images(options.images, list);
  list.add("-o,--output", options.output,
           "the run directory: made, or gone on in if it holds the same configuration",
           TextFormat{"DIR"})
      .required = true;
  list.add(
      "--epochs", options.epochs,
      "number of epochs in all, also with a fraction, to which the recipe's phases are scaled; 0 = "
      "as the recipe says",
      RealRange{0, kMostEpochs});
  list.add(
      "--init-from", options.init_from,
      "begin with the weights of this supernet.safetensors or checkpoint.safetensors; absent = "
      "random ones. It must be of the same space, and given again where a run goes on",
      TextFormat{"FILE"});
  add_specs(list, options.specs).help =
      "train only this one network: a file with one spec or record; - is standard input";
  list.add("--bf16", options.bf16,
           "compute dense convolutions in bfloat16, whatever the recipe's precision");
  add_seed(list, options.seed).help =
      "seed of every random choice but the split; the same seed, threads and processes give the "
      "same result";
  list.add("--split-seed", options.split_seed,
           "seed that chooses the images held out of training as val, and those for calibration",
           WholeRange{});
  list.group("Stopping and saving");
  add_max_time(list, options.max_time);
  list.add("--checkpoint-steps", options.checkpoint_steps,
           "steps between checkpoints; the end of an epoch and a stop make one too",
           WholeRange{1, kMostSteps});
  declare_compute(
      options.compute, list,
      "threads of computation of each process; 0 = the usable CPUs, shared by the processes "
      "of this machine, or what Slurm gives a task");
  add_workers(list, options.workers);
  declare_ranks(options.ranks, list);
}

std::string percentages(const SpecAccuracy& accuracy) {
  std::string text = accuracy.name;
  for (const double share : accuracy.exits) text += fmt::format(" {:.1f} %", 100 * share);
  return text;
}

/// Tells the terminal how training goes.
class ConsoleObserver : public TrainObserver {
 public:
  explicit ConsoleObserver(Console& console) : console_(console) {}

  void resumed(std::int64_t step) override {
    console_.info(fmt::format("goes on after step {}", step));
  }

  void step(const StepReport& report) override {
    std::vector<Figure> figures = {{"loss", report.loss, fmt::format("loss {:.3f}", report.loss)},
                                   {"images_per_second", report.images_per_second,
                                    fmt::format("{:.0f} images/s", report.images_per_second)}};
    if (last_accuracy_) {
      figures.push_back(
          {"accuracy", *last_accuracy_, fmt::format("val {:.1f} %", 100 * *last_accuracy_)});
    }
    figures.push_back({"seconds_left", report.seconds_left,
                       fmt::format("{} left", format_duration(report.seconds_left))});
    console_.progress(static_cast<double>(report.step) / static_cast<double>(report.steps),
                      fmt::format("epoch {}/{}", report.epoch, report.epochs), figures);
  }

  void epoch(const EpochReport& report) override {
    last_accuracy_ = report.accuracies.back().exits.back();
    std::vector<Figure> figures = {{"loss", report.loss, fmt::format("loss {:.3f}", report.loss)}};
    for (const SpecAccuracy& accuracy : report.accuracies) {
      figures.push_back(
          {accuracy.name + "_accuracy", accuracy.exits.back(), percentages(accuracy)});
    }
    figures.push_back({"seconds", report.seconds, format_duration(report.seconds)});
    console_.info(fmt::format("epoch {}/{} ({})", report.epoch, report.epochs, report.phase),
                  figures);
  }

 private:
  Console& console_;
  std::optional<double> last_accuracy_;
};

/// Nothing can shrink in one network.
std::string recipe_of(const TrainToolOptions& options) {
  if (!options.recipe.empty()) return options.recipe;
  return options.specs.empty() ? "progressive-shrinking" : "sandwich";
}

/// The space's recipe: without phases that it has no use for, of which the user is told.
Recipe fitted_recipe(const TrainToolOptions& options, const Space& space, Session& session) {
  FittedRecipe fitted = fit_to(
      space, read_recipe(read_shipped(recipe_shelf(), recipe_of(options), session.streams.in)));
  for (const std::string& note : fitted.notes) session.console.info(note);
  if (options.bf16) fitted.recipe.precision = Precision::kBfloat16;
  if (options.epochs == 0) return fitted.recipe;
  return with_epochs(std::move(fitted.recipe), options.epochs);
}

std::optional<Spec> single_spec(const TrainToolOptions& options, const Space& space,
                                std::istream& in) {
  if (options.specs.empty()) return std::nullopt;
  const std::vector<Record> records = read_records_from(options.specs, in, &space);
  if (records.size() == 1) return records.front().spec;
  throw usage_error(
      fmt::format("--specs: must hold one spec or record to train, holds {}", records.size()));
}

TrainOptions train_options_of(const TrainToolOptions& options, Session& session) {
  std::istream& in = session.streams.in;
  TrainOptions train_options;
  train_options.space = read_space(read_shipped(space_shelf(), options.space, in));
  train_options.recipe = fitted_recipe(options, train_options.space, session);
  train_options.spec = single_spec(options, train_options.space, in);
  train_options.init_from = options.init_from;
  train_options.output = options.output;
  train_options.seed = options.seed;
  train_options.workers = options.workers;
  train_options.checkpoint_steps = options.checkpoint_steps;
  return train_options;
}

/// Of the processes that a launcher starts one at most has its standard input.
void require_files(const TrainToolOptions& options, const RankPlace& place) {
  const bool by_launcher = options.ranks.launch == 0 && options.ranks.world_size == 0;
  if (place.size == 1 || !by_launcher) return;
  for (const auto& [option, word] :
       {std::pair("--space", &options.space), std::pair("--recipe", &options.recipe),
        std::pair("--specs", &options.specs)}) {
    if (*word != "-") continue;
    throw usage_error(
        fmt::format("{}: must be a file for all {} processes that a launcher starts, got '-'",
                    option, place.size));
  }
}

ExitStatus run_train(const TrainToolOptions& options, Session& session) {
  const RankPlace place = place_of(options.ranks, environment_variable);
  require_files(options, place);
  const TrainOptions train_options = train_options_of(options, session);
  // What is wrong fails before anything is started.
  rows_of_rank(train_options.recipe, place.size);
  return run_ranks(options.ranks, place, session, [&](const RankPlace& own) {
    const Stopwatch watch;
    StopFlag stop;
    const SignalGuard signals(stop);
    set_up_compute(options.compute, session.console, threads_for(own, usable_cpus()));
    quieten_libtorch();
    const std::unique_ptr<Ranks> ranks = connect_ranks(own, stop);
    // Time alone does not end the waiting: ranks that meet late still save a step together.
    if (options.max_time) stop.set_time_limit(*options.max_time - watch.seconds());
    ConsoleReadObserver read_observer(session.console,
                                      ranks->leads() ? LeftOut::kTold : LeftOut::kUntold);
    ReadOptions reading = read_options(options.images, read_observer);
    reading.channels = train_options.space.channels;
    reading.classes = train_options.space.classes;
    reading.resolution = train_options.space.resolution.back();
    reading.stop = &stop;
    std::optional<Dataset> data;
    run_on_all(*ranks, [&] {
      check_options(train_options);  // not before run_ranks has forked: weights start threads
      data = Dataset::open(options.images.data, options.split_seed, reading);
    });
    ConsoleObserver observer(session.console);
    const TrainEnd end = train(train_options, *data, observer, stop, *ranks);
    if (end == TrainEnd::kDone) return ExitStatus::kDone;
    if (own.rank == 0) session.console.info("stopped and saved, the same command goes on");
    return ExitStatus::kStopped;
  });
}

}  // namespace

const Tool& train_ofa_tool() {
  static const Tool tool{
      "enas4d-train-ofa",
      "train the once-for-all network of a space",
      "Writes a run directory: supernet.safetensors (the weights for search, export and eval), "
      "checkpoint.safetensors (all that going on needs), run.json (the configuration) and "
      "metrics.jsonl (losses, and accuracies after each epoch). The same command again goes on "
      "exactly where an earlier one was stopped or killed. With --specs only the one network there "
      "is trained. TERM, INT, USR1, XCPU and HUP finish the step, save and end with status 75; a "
      "second TERM, INT or USR1 ends at once. Several processes, on one machine or many, share "
      "each batch: their "
      "number is no part of the configuration, so a job may go on with another one.",
      {{"enas4d-train-ofa --space fashion-mnist --recipe quick --data fashion-mnist -o fashion/",
        "a first network in minutes"},
       {"enas4d-train-ofa --space cifar10 --data cifar10:cifar-10-batches-bin --epochs 30 -o run/",
        "30 epochs on CIFAR-10"},
       {"enas4d-train-ofa --space cifar10 --data cifar10:cifar-10-batches-bin --epochs 10 "
        "--init-from run/supernet.safetensors --specs best.json -o tuned/",
        "10 more epochs for one network that a search has found; without --init-from from scratch"},
       {"enas4d-train-ofa --space cifar10 --data cifar10:cifar-10-batches-bin -o run/ "
        "--print-config > job.json",
        "the options as a file, for the commands below"},
       {"enas4d-train-ofa --config job.json --launch 4 -o run/",
        "four processes on this machine, which share its CPUs"},
       {"srun enas4d-train-ofa --config job.json -o run/",
        "as a step of a Slurm job, one process per task"},
       {"enas4d-train-ofa --config job.json --max-time 55m -o run/",
        "options from a file, stopping before a batch job's limit of an hour"}},
      tool_of(declare_train, run_train)};
  return tool;
}

}  // namespace enas4d
