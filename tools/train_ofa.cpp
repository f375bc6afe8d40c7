// enas4d-train-ofa: trains the once-for-all network, or goes on where it stopped.
#include <fmt/format.h>

#include "cli/common_options.h"
#include "data/dataset.h"
#include "dist/gloo_ranks.h"
#include "tools/compute.h"
#include "tools/ranks.h"
#include "tools/tools.h"
#include "train/ranks_share.h"
#include "train/recipe.h"
#include "train/train.h"
#include "util/cpu.h"
#include "util/stop.h"
#include "util/units.h"

namespace enas4d {
namespace {

struct TrainToolOptions {
  std::string space;
  std::string recipe = "sandwich";
  std::string data;
  std::string output;
  int epochs = 0;
  std::uint64_t seed = 1;
  std::uint64_t split_seed = 1;
  int workers = 1;
  int checkpoint_steps = 200;
  std::optional<double> max_time;
  ComputeOptions compute;
  RankOptions ranks;
};

void declare_train(TrainToolOptions& options, OptionList& list) {
  constexpr int kMostEpochs = 100000;
  constexpr int kMostSteps = 1000000;
  list.group("Training");
  add_space(list, options.space).required = true;
  add_recipe(list, options.recipe);
  add_data(list, options.data).required = true;
  list.add("-o,--output", options.output,
           "the run directory: made, or gone on in if it holds the same configuration",
           TextFormat{"DIR"})
      .required = true;
  list.add("--epochs", options.epochs,
           "epochs in all, to which the recipe's phases are scaled; 0 = as the recipe says",
           WholeRange{0, kMostEpochs});
  add_seed(list, options.seed);
  list.add("--split-seed", options.split_seed, "of the images held out of training as val",
           WholeRange{});
  list.group("Stopping and saving");
  add_max_time(list, options.max_time);
  list.add("--checkpoint-steps", options.checkpoint_steps,
           "steps between checkpoints; the end of an epoch and a stop make one too",
           WholeRange{1, kMostSteps});
  declare_compute(options.compute, list);
  add_workers(list, options.workers);
  declare_ranks(options.ranks, list);
}

std::string percentages(const std::vector<double>& shares) {
  std::string text;
  for (const double share : shares) text += fmt::format(" {:.1f} %", 100 * share);
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
    last_accuracy_ = report.largest_accuracy.back();
    console_.info(fmt::format("epoch {}/{}", report.epoch, report.epochs),
                  {{"loss", report.loss, fmt::format("loss {:.3f}", report.loss)},
                   {"smallest_accuracy", report.smallest_accuracy.back(),
                    "smallest" + percentages(report.smallest_accuracy)},
                   {"largest_accuracy", report.largest_accuracy.back(),
                    "largest" + percentages(report.largest_accuracy)},
                   {"seconds", report.seconds, format_duration(report.seconds)}});
  }

 private:
  Console& console_;
  std::optional<double> last_accuracy_;
};

TrainOptions train_options_of(const TrainToolOptions& options, std::istream& in) {
  TrainOptions train_options;
  train_options.space = read_space(read_shipped(space_shelf(), options.space, in));
  train_options.recipe = read_recipe(read_shipped(recipe_shelf(), options.recipe, in));
  if (options.epochs > 0) {
    train_options.recipe = with_epochs(std::move(train_options.recipe), options.epochs);
  }
  train_options.output = options.output;
  train_options.seed = options.seed;
  train_options.workers = options.workers;
  train_options.checkpoint_steps = options.checkpoint_steps;
  return train_options;
}

ExitStatus run_train(const TrainToolOptions& options, Session& session) {
  const TrainOptions train_options = train_options_of(options, session.streams.in);
  const RankPlace place = place_of(options.ranks, environment_variable);
  rows_of_rank(train_options.recipe, place.size);  // fails before anything is started
  return run_ranks(options.ranks, place, session, [&](const RankPlace& own) {
    StopFlag stop;
    const SignalGuard signals(stop);
    if (options.max_time) stop.set_time_limit(*options.max_time);
    set_up_compute(options.compute, session.console, threads_for(own, usable_cpus()));
    const std::unique_ptr<Ranks> ranks = connect_ranks(own);
    const Dataset data = Dataset::open(options.data, options.split_seed);
    ConsoleObserver observer(session.console);
    const TrainEnd end = train(train_options, data, observer, stop, *ranks);
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
      "exactly where an earlier one was stopped or killed. TERM, INT, USR1 and XCPU finish the "
      "step, save and end with status 75; a second signal ends at once. Several processes, on one "
      "machine or many, share each batch: their number is no part of the configuration, so a job "
      "may "
      "go on with another one.",
      {{"enas4d-train-ofa --space fashion-mnist --recipe quick --data fashion-mnist -o run/",
        "a first network in minutes"},
       {"enas4d-train-ofa --space cifar10 --data cifar10:cifar-10-batches-bin --epochs 30 -o run/",
        "30 epochs on CIFAR-10"},
       {"enas4d-train-ofa --config job.json --launch 4 -o run/",
        "four processes on this machine, which share its CPUs"},
       {"srun enas4d-train-ofa --config job.json -o run/",
        "as a step of a Slurm job: one process per task"},
       {"enas4d-train-ofa --config job.json --max-time 55m -o run/",
        "options from a file; in good time before a batch job's limit of an hour"}},
      tool_of(declare_train, run_train)};
  return tool;
}

}  // namespace enas4d
