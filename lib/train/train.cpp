#include "train/train.h"

#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/plan.h"
#include "checkpoint/training_state.h"
#include "checkpoint/weights_files.h"
#include "data/train_loader.h"
#include "eval/measure.h"
#include "train/loss.h"
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

std::vector<double> exit_accuracies(const ExitTable& table) {
  std::vector<double> result;
  for (int s = 0; s < table.stages(); ++s) {
    std::int64_t correct = 0;
    for (std::int64_t i = 0; i < table.images(); ++i) correct += table.correct(s, i) ? 1 : 0;
    result.push_back(static_cast<double>(correct) / static_cast<double>(table.images()));
  }
  return result;
}

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

/// The state of one run between its steps.
class Trainer {
 public:
  Trainer(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
          RunDirectory& directory)
      : options_(options),
        recipe_(options.recipe),
        data_(data),
        observer_(observer),
        directory_(directory),
        steps_per_epoch_(steps_per_epoch(data.size(Split::kTrain), recipe_.batch)),
        steps_(steps_per_epoch_ * recipe_.epochs()),
        state_(begin_state()),
        sgd_(state_.supernet, recipe_, state_.momentum, state_.average),
        first_step_(state_.step),
        saved_step_(state_.step) {}

  TrainEnd run(const StopFlag& stop) {
    if (state_.step == steps_) return TrainEnd::kDone;
    TrainLoader loader(data_, loader_options(), state_.step);
    while (state_.step < steps_) {
      const double loss = train_step(loader.next());
      state_.epoch_loss += loss;
      ++state_.step;
      report_step(loss);
      const bool epoch_ends = state_.step % steps_per_epoch_ == 0;
      if (epoch_ends) end_epoch();
      const bool stopping = stop.raised();
      if (epoch_ends || stopping || state_.step - saved_step_ >= options_.checkpoint_steps) save();
      if (stopping && state_.step < steps_) return TrainEnd::kStopped;
    }
    return TrainEnd::kDone;
  }

 private:
  TrainingState begin_state() {
    if (auto resumed = directory_.resume()) {
      observer_.resumed(resumed->step);
      return std::move(*resumed);
    }
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

  LoaderOptions loader_options() const {
    LoaderOptions loader;
    loader.seed = options_.seed;
    loader.batch = recipe_.batch;
    loader.workers = options_.workers;
    loader.augmentation = recipe_.augmentation;
    return loader;
  }

  /// Gradients of all children are summed, then one update. Returns the loss of the first child
  /// (the largest).
  double train_step(const Batch& batch) {
    const Moment moment = moment_of(recipe_, state_.step, steps_per_epoch_);
    sgd_.clear();
    torch::Tensor teacher_logits;
    double first_loss = 0;
    double loss_sum = 0;
    bool first = true;
    for (const Child& child :
         children(options_.space, recipe_.phases[moment.phase], options_.seed, state_.step)) {
      const double loss = train_child(child, batch, teacher_logits);
      if (first) first_loss = loss;
      first = false;
      loss_sum += loss;
    }
    const double norm = sgd_.gradient_norm();
    if (!std::isfinite(loss_sum) || !std::isfinite(norm)) throw diverged(loss_sum);
    sgd_.update(learning_rate(recipe_, state_.step, steps_per_epoch_), norm, state_.step);
    return first_loss;
  }

  double train_child(const Child& child, const Batch& batch, torch::Tensor& teacher_logits) {
    const Plan plan = lower(options_.space, child.spec);
    ForwardOptions forward;
    forward.norm_batch = recipe_.norm_batch;
    if (child.is_teacher) forward.dropout = {recipe_.dropout, options_.seed, state_.step, 0};
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
      directory_.append_metrics({{"step", report.step},
                                 {"epoch", report.epoch},
                                 {"loss", loss},
                                 {"learning_rate", report.learning_rate},
                                 {"images_per_second", report.images_per_second}});
    }
  }

  /// Accuracies of the smallest and largest spec on val, the weights for eval, search and export,
  /// and a line of metrics.
  void end_epoch() {
    const NamedTensors weights = current_weights();
    const Supernet measured = state_.average.empty() ? state_.supernet : averaged_supernet();
    EpochReport report;
    report.epoch = static_cast<int>(state_.step / steps_per_epoch_);
    report.epochs = recipe_.epochs();
    report.loss = state_.epoch_loss / static_cast<double>(steps_per_epoch_);
    const auto accuracies = [&](const Spec& spec) {
      const Subnet subnet = extract_calibrated(measured, lower(options_.space, spec), data_);
      return exit_accuracies(measure(subnet, data_, Split::kVal));
    };
    report.smallest_accuracy = accuracies(smallest(options_.space));
    report.largest_accuracy = accuracies(largest(options_.space));
    report.seconds = watch_.seconds();
    state_.epoch_loss = 0;
    save_supernet(directory_.supernet_path(), options_.space, weights, data_.description(),
                  {{"recipe", recipe_.name},
                   {"epoch", report.epoch},
                   {"epochs", report.epochs},
                   {"seed", options_.seed}});
    directory_.append_metrics({{"step", state_.step},
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
    save_training_state(directory_.checkpoint_path(), state_);
    saved_step_ = state_.step;
  }

  const TrainOptions& options_;
  const Recipe& recipe_;
  const Dataset& data_;
  TrainObserver& observer_;
  RunDirectory& directory_;
  const std::int64_t steps_per_epoch_;
  const std::int64_t steps_;
  TrainingState state_;  ///< momentum and average share their memory with sgd_
  Sgd sgd_;
  const std::int64_t first_step_;
  std::int64_t saved_step_;
  Stopwatch watch_;
};

}  // namespace

TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop) {
  const DataDescription& images = data.description();
  if (images.channels != options.space.channels || images.classes != options.space.classes) {
    throw bad_input(images.name,
                    fmt::format("has {} channels and {} classes, the space '{}' is for {} and {}",
                                images.channels, images.classes, options.space.name,
                                options.space.channels, options.space.classes));
  }
  RunDirectory directory(options.output, configuration_of(options, data));
  return Trainer(options, data, observer, directory).run(stop);
}

}  // namespace enas4d
