#include "train/train.h"

#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/plan.h"
#include "checkpoint/training_state.h"
#include "checkpoint/weights_files.h"
#include "data/train_loader.h"
#include "eval/measure.h"
#include "train/gradient_bucket.h"
#include "train/loss.h"
#include "train/ranks_share.h"
#include "train/run_directory.h"
#include "train/schedule.h"
#include "train/sgd.h"
#include "util/error.h"

namespace enas4d {

namespace {

constexpr int kMetricsSteps = 50;  ///< steps between lines of metrics.jsonl within an epoch

Json configuration_of(const TrainOptions& options, const Dataset& data) {
  return {{"seed", options.seed},
          {"space", to_json(options.space)},
          {"recipe", to_json(options.recipe)},
          {"data", to_json(data.description())}};
}

void require_same_configuration(const Json& configuration, Ranks& ranks) {
  require_same(ranks, configuration.dump(), [&](const std::string& first) {
    return usage_error("rank 0 was started with another configuration: " +
                       first_difference(Json::parse(first), configuration));
  });
}

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

/// What a step tells, averaged over ranks.
struct StepNumbers {
  double first_loss = 0;  ///< of the first child (the largest)
  double all_losses = 0;
  double stops = 0;  ///< above 0: some rank was told to stop
};

/// The state of one run between its steps. On ranks other than the first it has no directory and
/// tells nobody.
class Trainer {
 public:
  Trainer(const TrainOptions& options, const Dataset& data, TrainObserver& observer, Ranks& ranks)
      : options_(options),
        recipe_(options.recipe),
        data_(data),
        observer_(observer),
        ranks_(ranks),
        rows_(rows_of_rank(options.recipe, ranks.size())),
        steps_per_epoch_(steps_per_epoch(data.size(Split::kTrain), recipe_.batch)),
        steps_(steps_per_epoch_ * recipe_.epochs()),
        state_(begin_state()),
        sgd_(state_.supernet, recipe_, state_.momentum, state_.average),
        bucket_(state_.supernet->parameters(/*recurse=*/false), ranks),
        first_step_(state_.step),
        saved_step_(state_.step) {}

  TrainEnd run(const StopFlag& stop) {
    try {
      return run_steps(stop);
    } catch (const RankLost& error) {
      throw failed(fmt::format("{}: {} at step {} of {}; the last checkpoint is of step {}",
                               options_.output, error.what(), state_.step, steps_, saved_step_));
    }
  }

 private:
  TrainEnd run_steps(const StopFlag& stop) {
    if (state_.step == steps_) return TrainEnd::kDone;
    TrainLoader loader(data_, loader_options(), state_.step);
    while (state_.step < steps_) {
      const StepNumbers numbers = train_step(loader.next(), stop);
      state_.epoch_loss += numbers.first_loss;
      ++state_.step;
      if (ranks_.leads()) report_step(numbers.first_loss);
      const bool epoch_ends = state_.step % steps_per_epoch_ == 0;
      if (epoch_ends) end_epoch();
      const bool stopping = numbers.stops > 0;
      if (epoch_ends || stopping || state_.step - saved_step_ >= options_.checkpoint_steps) save();
      if (stopping && state_.step < steps_) return TrainEnd::kStopped;
    }
    return TrainEnd::kDone;
  }

  TrainingState begin_state() {
    TrainingState state;
    run_on_first(ranks_, [&] { state = resumed_or_new(); });
    if (!ranks_.leads()) state = new_state();
    share_state(state, ranks_);
    return state;
  }

  TrainingState resumed_or_new() {
    directory_.emplace(options_.output, configuration_of(options_, data_));
    if (auto resumed = directory_->resume()) {
      observer_.resumed(resumed->step);
      return std::move(*resumed);
    }
    return new_state();
  }

  TrainingState new_state() const {
    TrainingState state;
    state.supernet = Supernet(options_.space, options_.seed);
    state.momentum = zeros_like_weights(state.supernet);
    if (recipe_.ema > 0) {
      for (const auto& [name, weight] : supernet_weights(state.supernet))
        state.average[name] = weight.clone();
    }
    state.data = data_.description();
    state.configuration = configuration_of(options_, data_);
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
    loader.augmentation = {recipe_.pad, recipe_.flip};
    return loader;
  }

  /// Gradients of all children are summed, averaged over ranks, then one update.
  StepNumbers train_step(const Batch& batch, const StopFlag& stop) {
    const Moment moment = moment_of(recipe_, state_.step, steps_per_epoch_);
    sgd_.clear();
    torch::Tensor teacher_logits;
    std::vector<double> losses;
    for (const Child& child :
         children(options_.space, recipe_.phases[moment.phase], options_.seed, state_.step)) {
      losses.push_back(train_child(child, batch, teacher_logits));
    }
    const StepNumbers numbers =
        reduce({losses.front(), std::accumulate(losses.begin(), losses.end(), 0.0),
                stop.raised() ? 1.0 : 0.0});
    const double norm = sgd_.gradient_norm();
    if (!std::isfinite(numbers.all_losses) || !std::isfinite(norm)) {
      throw diverged(numbers.all_losses);
    }
    sgd_.update(learning_rate(recipe_, state_.step, steps_per_epoch_), norm, state_.step);
    return numbers;
  }

  /// Averages the gradients, and this rank's numbers, over ranks.
  StepNumbers reduce(const StepNumbers& own) {
    std::vector<double> numbers = {own.first_loss, own.all_losses, own.stops};
    bucket_.reduce(numbers);
    return {numbers[0], numbers[1], numbers[2]};
  }

  double train_child(const Child& child, const Batch& batch, torch::Tensor& teacher_logits) {
    const Plan plan = lower(options_.space, child.spec);
    ForwardOptions forward;
    forward.norm_batch = recipe_.norm_batch;
    if (child.is_teacher) {
      forward.dropout = {recipe_.dropout, options_.seed, state_.step, first_row()};
    }
    const Exits exits =
        state_.supernet->forward(resize(batch.images, plan.resolution), plan, forward);
    torch::Tensor loss;
    if (child.is_teacher) {
      loss = teacher_loss(exits, batch.labels, recipe_.label_smoothing, recipe_.distillation);
      teacher_logits = exits.logits.back().detach();
    } else if (teacher_logits.defined()) {
      loss = student_loss(exits, teacher_logits);
    } else {
      loss = label_loss(exits, batch.labels, recipe_.label_smoothing);
    }
    loss.backward();
    return loss.item<double>();
  }

  Error diverged(double loss) const {
    return Error(ExitStatus::kDiverged,
                 fmt::format("{}: training diverged at step {} of {}: loss {}; the last good "
                             "checkpoint is of step {}",
                             options_.output, state_.step, steps_, loss, saved_step_));
  }

  void report_step(double loss) {
    const double done = static_cast<double>(state_.step - first_step_);
    const double seconds = watch_.seconds();
    StepReport report;
    report.step = state_.step;
    report.steps = steps_;
    report.epoch = static_cast<int>((state_.step - 1) / steps_per_epoch_) + 1;
    report.epochs = recipe_.epochs();
    report.loss = loss;
    report.learning_rate = learning_rate(recipe_, state_.step - 1, steps_per_epoch_);
    report.images_per_second = done * recipe_.batch / seconds;
    report.seconds_left = seconds / done * static_cast<double>(steps_ - state_.step);
    observer_.step(report);
    if (state_.step % kMetricsSteps == 0) {
      directory_->append_metrics({{"step", report.step},
                                  {"epoch", report.epoch},
                                  {"loss", loss},
                                  {"learning_rate", report.learning_rate},
                                  {"images_per_second", report.images_per_second}});
    }
  }

  /// Accuracies of the smallest and largest spec on val, which all ranks measure together.
  void end_epoch() {
    const Supernet measured = state_.average.empty() ? state_.supernet : averaged_supernet();
    EpochReport report;
    report.epoch = static_cast<int>(state_.step / steps_per_epoch_);
    report.epochs = recipe_.epochs();
    report.loss = state_.epoch_loss / static_cast<double>(steps_per_epoch_);
    const auto accuracies = [&](const Spec& spec) {
      const Plan plan = lower(options_.space, spec);
      const Subnet subnet = extract_calibrated(measured, plan, data_, ranks_);
      return exit_accuracies(subnet, data_, Split::kVal, ranks_);
    };
    report.smallest_accuracy = accuracies(smallest(options_.space));
    report.largest_accuracy = accuracies(largest(options_.space));
    report.seconds = watch_.seconds();
    state_.epoch_loss = 0;
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
    directory_->append_metrics({{"step", state_.step},
                                {"epoch", report.epoch},
                                {"epoch_loss", report.loss},
                                {"smallest_accuracy", report.smallest_accuracy},
                                {"largest_accuracy", report.largest_accuracy},
                                {"seconds", report.seconds}});
    observer_.epoch(report);
  }

  NamedTensors current_weights() const {
    return state_.average.empty() ? supernet_weights(state_.supernet) : state_.average;
  }

  Supernet averaged_supernet() const {
    const torch::NoGradGuard no_grad;
    Supernet supernet(options_.space, /*seed=*/0);
    for (auto& item : supernet->named_parameters(/*recurse=*/false)) {
      item.value().copy_(state_.average.at(item.key()));
    }
    return supernet;
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
  Sgd sgd_;
  GradientBucket bucket_;
  const std::int64_t first_step_;
  std::int64_t saved_step_;
  Stopwatch watch_;
};

}  // namespace

TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop, Ranks& ranks) {
  const DataDescription& images = data.description();
  if (images.channels != options.space.channels || images.classes != options.space.classes) {
    throw bad_input(images.name,
                    fmt::format("has {} channels and {} classes, the space '{}' is for {} and {}",
                                images.channels, images.classes, options.space.name,
                                options.space.channels, options.space.classes));
  }
  require_same_configuration(configuration_of(options, data), ranks);
  return Trainer(options, data, observer, ranks).run(stop);
}

TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop) {
  OneRank alone;
  return train(options, data, observer, stop, alone);
}

}  // namespace enas4d
