#include "train/train.h"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/restriction.h"
#include "checkpoint/training_state.h"
#include "checkpoint/weights_files.h"
#include "data/train_loader.h"
#include "eval/early_exit.h"
#include "eval/measure.h"
#include "train/begin.h"
#include "train/gradient_bucket.h"
#include "train/ranks_share.h"
#include "train/run_directory.h"
#include "train/schedule.h"
#include "train/sgd.h"
#include "train/step_gradients.h"
#include "util/error.h"
#include "util/stopwatch.h"

namespace enas4d {

namespace {

constexpr int kMetricsSteps = 50;  ///< steps between lines of metrics.jsonl within an epoch

Json configuration_of(const TrainOptions& options, const std::optional<SupernetFile>& initial,
                      const Dataset& data) {
  Json configuration = {{"seed", options.seed},
                        {"space", to_json(options.space)},
                        {"recipe", to_json(options.recipe)},
                        {"data", to_json(data.description())}};
  if (initial) configuration["initial_weights"] = initial->hash;
  if (options.spec) configuration["spec"] = spec_object(*options.spec);
  return configuration;
}

void require_same_configuration(const Json& configuration, Ranks& ranks) {
  require_same(ranks, configuration.dump(), [&](const std::string& first) {
    return usage_error("rank 0 was started with another configuration: " +
                       first_difference(Json::parse(first), configuration).value_or(first));
  });
}

/// What a step tells, averaged over ranks.
struct StepNumbers {
  double first_loss = 0;  ///< of the first subnet (the largest)
  double all_losses = 0;
  double stops = 0;  ///< above 0: some rank was told to stop
};

/// The state of one run between its steps. On ranks other than the first it has no directory and
/// tells nobody.
class Trainer {
 public:
  Trainer(const TrainOptions& options, const std::optional<SupernetFile>& initial,
          const Dataset& data, TrainObserver& observer, Ranks& ranks)
      : options_(options),
        recipe_(options.recipe),
        data_(data),
        observer_(observer),
        ranks_(ranks),
        rows_(rows_of_rank(options.recipe, ranks.size())),
        steps_per_epoch_(steps_per_epoch(data.size(Split::kTrain), recipe_.batch)),
        steps_(phase_ends(recipe_, steps_per_epoch_).back()),
        state_(begin_state(initial)),
        gradients_(state_.supernet, recipe_, options.seed, rows_),
        sgd_(state_.supernet, recipe_, state_.momentum, state_.average),
        bucket_(state_.supernet->parameters(/*recurse=*/false), ranks),
        first_step_(state_.step),
        saved_step_(state_.step) {}

  TrainEnd run(const StopFlag& stop) {
    try {
      return run_steps(stop);
    } catch (const RankLost& error) {
      throw failed(fmt::format("{}: {} at step {} of {}; {}", options_.output, error.what(),
                               state_.step, steps_, last_checkpoint()));
    }
  }

 private:
  TrainEnd run_steps(const StopFlag& stop) {
    if (state_.step == steps_) return TrainEnd::kDone;
    TrainLoader loader(data_, loader_options(), state_.step);
    while (state_.step < steps_) {
      const Stopwatch step_watch;
      const StepNumbers numbers = train_step(loader.next(), stop);
      state_.epoch_seconds += step_watch.seconds();
      state_.epoch_loss += numbers.first_loss;
      ++state_.step;
      report_step(numbers.first_loss);
      const bool epoch_ends = state_.step % steps_per_epoch_ == 0 || state_.step == steps_;
      if (epoch_ends) end_epoch();
      const bool stopping = numbers.stops > 0;
      if (epoch_ends || stopping || state_.step - saved_step_ >= options_.checkpoint_steps) save();
      if (stopping && state_.step < steps_) return TrainEnd::kStopped;
    }
    return TrainEnd::kDone;
  }

  TrainingState begin_state(const std::optional<SupernetFile>& initial) {
    const Json configuration = configuration_of(options_, initial, data_);
    const auto begin = [&] {
      return begin_training(options_, initial, data_.description(), configuration);
    };
    TrainingState state;
    run_on_first(ranks_, [&] {
      directory_.emplace(options_.output, configuration);
      auto resumed = directory_->resume();
      if (resumed) observer_.resumed(resumed->step);
      state = resumed ? std::move(*resumed) : begin();
    });
    if (!ranks_.leads()) state = begin();
    share_state(state, ranks_);
    return state;
  }

  /// Of this rank's part of each global batch.
  int first_row() const { return ranks_.rank() * rows_; }

  LoaderOptions loader_options() const {
    LoaderOptions loader;
    loader.seed = options_.seed;
    loader.batch = recipe_.batch;
    loader.first_row = first_row();
    loader.rows = rows_;
    loader.workers = options_.workers;
    loader.augmentation = recipe_.augmentation;
    loader.mixing = recipe_.mixing;
    loader.mix_chunk = recipe_.norm_batch;
    return loader;
  }

  /// Gradients of all subnets are summed, averaged over ranks, then one update.
  StepNumbers train_step(const Batch& batch, const StopFlag& stop) {
    const Moment moment = moment_of(recipe_, state_.step, steps_per_epoch_);
    const Phase& phase = recipe_.phases[moment.phase];
    if (moment.step == 0) begin_phase(moment.phase);
    sgd_.clear();
    const StepLosses losses =
        gradients_.add({batch, first_row(), state_.step, subnets_of(phase),
                        phase.teacher == Teacher::kFrozen ? state_.teacher : Supernet(nullptr)});
    const StepNumbers numbers = reduce({losses.first, losses.all, stop.raised() ? 1.0 : 0.0});
    const double norm = shared_norm();
    if (!std::isfinite(numbers.all_losses)) {
      throw diverged(fmt::format("loss {}", numbers.all_losses));
    }
    if (!std::isfinite(norm)) throw diverged(fmt::format("gradient norm {}", norm));
    sgd_.update(learning_rate(recipe_, state_.step, steps_per_epoch_), norm, state_.step);
    return numbers;
  }

  /// Ranks with other threads or processors may have rounded otherwise, and sorting would make two
  /// networks of that.
  void begin_phase(std::size_t phase) {
    enas4d::begin_phase(state_, recipe_, phase);
    share_state(state_, ranks_);
  }

  /// Of the gradient, as rank 0 rounds it: all ranks scale alike.
  double shared_norm() {
    const auto norm = torch::tensor({sgd_.gradient_norm()}, torch::kDouble);
    ranks_.broadcast(norm);
    return norm.item<double>();
  }

  /// Averages the gradients, and this rank's numbers, over ranks.
  StepNumbers reduce(const StepNumbers& own) {
    std::vector<double> numbers = {own.first_loss, own.all_losses, own.stops};
    bucket_.reduce(numbers);
    return {numbers[0], numbers[1], numbers[2]};
  }

  std::vector<StepSubnet> subnets_of(const Phase& phase) const {
    if (options_.spec) return {{*options_.spec, true}};
    return step_subnets(options_.space, phase, options_.seed, state_.step);
  }

  Error diverged(const std::string& sign) const {
    return Error(ExitStatus::kDiverged,
                 fmt::format("{}: training diverged at step {} of {}: {}; {}", options_.output,
                             state_.step, steps_, sign, last_checkpoint()));
  }

  std::string last_checkpoint() const {
    return saved_step_ == 0 ? "there is no checkpoint yet"
                            : fmt::format("the last checkpoint is of step {}", saved_step_);
  }

  /// Of the last step, from 1. The last epoch is shorter where the recipe ends with a part of one.
  int epoch() const { return static_cast<int>((state_.step - 1) / steps_per_epoch_) + 1; }
  int epochs() const { return static_cast<int>((steps_ - 1) / steps_per_epoch_) + 1; }
  std::int64_t steps_of_epoch() const { return (state_.step - 1) % steps_per_epoch_ + 1; }

  StepReport step_report(double loss) const {
    const double done = static_cast<double>(state_.step - first_step_);
    const double seconds = watch_.seconds();
    StepReport report;
    report.step = state_.step;
    report.steps = steps_;
    report.epoch = epoch();
    report.epochs = epochs();
    report.loss = loss;
    report.learning_rate = learning_rate(recipe_, state_.step - 1, steps_per_epoch_);
    report.images_per_second = done * recipe_.batch / seconds;
    report.seconds_left = seconds / done * static_cast<double>(steps_ - state_.step);
    return report;
  }

  void report_step(double loss) {
    const StepReport report = step_report(loss);
    if (ranks_.leads()) observer_.step(report);
    if (state_.step % kMetricsSteps != 0) return;
    run_on_first(ranks_, [&] {
      directory_->append_metrics({{"step", report.step},
                                  {"epoch", report.epoch},
                                  {"loss", loss},
                                  {"learning_rate", report.learning_rate},
                                  {"images_per_second", report.images_per_second}});
    });
  }

  /// Accuracies on val, which all ranks measure together.
  void end_epoch() {
    EpochReport report;
    report.epoch = epoch();
    report.epochs = epochs();
    const Phase& phase =
        recipe_.phases[moment_of(recipe_, state_.step - 1, steps_per_epoch_).phase];
    report.phase = phase.name;
    report.loss = state_.epoch_loss / static_cast<double>(steps_of_epoch());
    report.train_seconds = state_.epoch_seconds;
    try {
      report.accuracies = measure_specs(phase);
    } catch (const NotFinite& error) {
      throw diverged(error.what());
    }
    report.seconds = watch_.seconds();
    state_.epoch_loss = state_.epoch_seconds = 0;
    run_on_first(ranks_, [&] { write_epoch(report); });
  }

  /// The weights for eval, search and export, and a line of metrics.
  void write_epoch(const EpochReport& report) {
    save_supernet(directory_->supernet_path(), options_.space, current_weights(),
                  data_.description(),
                  {{"recipe", recipe_.name},
                   {"epoch", report.epoch},
                   {"epochs", report.epochs},
                   {"seed", options_.seed}});
    directory_->append_metrics(metrics_of(report));
    observer_.epoch(report);
  }

  Json metrics_of(const EpochReport& report) const {
    Json line = {{"step", state_.step},
                 {"epoch", report.epoch},
                 {"phase", report.phase},
                 {"epoch_loss", report.loss}};
    for (const SpecAccuracy& accuracy : report.accuracies) {
      line[accuracy.name + "_accuracy"] = accuracy.exits;
    }
    line["seconds"] = report.seconds;
    line["train_seconds"] = report.train_seconds;
    return line;
  }

  /// The smallest and the largest of what the phase trains, or the one spec.
  std::vector<SpecAccuracy> measure_specs(const Phase& phase) const {
    const Supernet measured =
        state_.average.empty() ? state_.supernet : supernet_with(options_.space, state_.average);
    const auto accuracy = [&](const char* name, const Spec& spec) -> SpecAccuracy {
      const Plan plan = lower(options_.space, spec);
      const Subnet subnet = extract_calibrated(measured, plan, data_, ranks_);
      return {name, exit_accuracies(subnet, data_, Split::kVal, ranks_)};
    };
    if (options_.spec) return {accuracy("spec", *options_.spec)};
    return {accuracy("smallest", smallest(restricted(options_.space, phase.restrict))),
            accuracy("largest", largest(options_.space))};
  }

  NamedTensors current_weights() const {
    return state_.average.empty() ? supernet_weights(state_.supernet) : state_.average;
  }

  void save() {
    run_on_first(ranks_, [&] { save_training_state(directory_->checkpoint_path(), state_); });
    saved_step_ = state_.step;
  }

  const TrainOptions& options_;
  const Recipe& recipe_;
  const Dataset& data_;
  TrainObserver& observer_;
  Ranks& ranks_;
  const int rows_;  ///< of each global batch that this rank trains on
  std::optional<RunDirectory> directory_;
  const std::int64_t steps_per_epoch_;
  const std::int64_t steps_;
  TrainingState state_;  ///< momentum and average share their memory with sgd_
  StepGradients gradients_;
  Sgd sgd_;
  GradientBucket bucket_;
  const std::int64_t first_step_;
  std::int64_t saved_step_;
  Stopwatch watch_;
};

/// All that may be wrong whatever the images are.
std::optional<SupernetFile> checked_beginning(const TrainOptions& options) {
  if (options.spec) check_fits(options.space, *options.spec, "spec to train");
  check_recipe(options);
  return initial_weights(options);
}

}  // namespace

void check_options(const TrainOptions& options) {
  checked_beginning(options);
}

TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop, Ranks& ranks) {
  const DataDescription& images = data.description();
  if (images.channels != options.space.channels || images.classes != options.space.classes) {
    throw bad_input(images.name,
                    fmt::format("has {} channels and {} classes, the space '{}' is for {} and {}",
                                images.channels, images.classes, options.space.name,
                                options.space.channels, options.space.classes));
  }
  const std::optional<SupernetFile> initial = checked_beginning(options);
  if (initial) require_unseen_val(initial->data, data, options.init_from);
  Json alike = configuration_of(options, initial, data);
  alike["checkpoint_steps"] = options.checkpoint_steps;  // all ranks meet to save
  require_same_configuration(alike, ranks);
  return Trainer(options, initial, data, observer, ranks).run(stop);
}

TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop) {
  OneRank alone;
  return train(options, data, observer, stop, alone);
}

}  // namespace enas4d
