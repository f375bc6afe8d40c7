#include "train/train.h"

#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/restriction.h"
#include "checkpoint/training_state.h"
#include "checkpoint/weights_files.h"
#include "data/train_loader.h"
#include "eval/measure.h"
#include "train/begin.h"
#include "train/loss.h"
#include "train/run_directory.h"
#include "train/schedule.h"
#include "train/sgd.h"
#include "util/error.h"

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
  Trainer(const TrainOptions& options, const std::optional<SupernetFile>& initial,
          const Dataset& data, TrainObserver& observer, RunDirectory& directory)
      : options_(options),
        recipe_(options.recipe),
        data_(data),
        observer_(observer),
        directory_(directory),
        steps_per_epoch_(steps_per_epoch(data.size(Split::kTrain), recipe_.batch)),
        steps_(steps_per_epoch_ * recipe_.epochs()),
        state_(begin_state(initial)),
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
  TrainingState begin_state(const std::optional<SupernetFile>& initial) {
    if (auto resumed = directory_.resume()) {
      observer_.resumed(resumed->step);
      return std::move(*resumed);
    }
    return begin_training(options_, initial, data_.description(),
                          configuration_of(options_, initial, data_));
  }

  LoaderOptions loader_options() const {
    LoaderOptions loader;
    loader.seed = options_.seed;
    loader.batch = recipe_.batch;
    loader.workers = options_.workers;
    loader.augmentation = recipe_.augmentation;
    loader.mixing = recipe_.mixing;
    loader.mix_chunk = recipe_.norm_batch;
    return loader;
  }

  /// Gradients of all children are summed, then one update. Returns the loss of the first child
  /// (the largest).
  double train_step(const Batch& batch) {
    const Moment moment = moment_of(recipe_, state_.step, steps_per_epoch_);
    const Phase& phase = recipe_.phases[moment.phase];
    if (moment.step == 0) begin_phase(state_, recipe_, moment.phase);
    sgd_.clear();
    torch::Tensor teacher_logits;
    if (phase.teacher == Teacher::kFrozen) teacher_logits = frozen_logits(batch);
    double first_loss = 0;
    double loss_sum = 0;
    bool first = true;
    for (const Child& child : step_children(phase)) {
      const double loss = train_child(child, phase, batch, teacher_logits);
      if (first) first_loss = loss;
      first = false;
      loss_sum += loss;
    }
    const double norm = sgd_.gradient_norm();
    if (!std::isfinite(loss_sum) || !std::isfinite(norm)) throw diverged(loss_sum);
    sgd_.update(learning_rate(recipe_, state_.step, steps_per_epoch_), norm, state_.step);
    return first_loss;
  }

  std::vector<Child> step_children(const Phase& phase) const {
    if (options_.spec) return {{*options_.spec, true}};
    return children(options_.space, phase, options_.seed, state_.step);
  }

  /// Soft labels of the frozen teacher: its last exit.
  torch::Tensor frozen_logits(const Batch& batch) {
    const torch::NoGradGuard no_grad;
    const Plan plan = lower(options_.space, largest(options_.space));
    return state_.teacher->forward(resize(batch.images, plan.resolution), plan, forward_options())
        .logits.back();
  }

  ForwardOptions forward_options() const {
    ForwardOptions forward;
    forward.norm_batch = recipe_.norm_batch;
    forward.precision = recipe_.precision;
    return forward;
  }

  /// The largest teaches those after it, unless `teacher_logits` come from a frozen teacher.
  double train_child(const Child& child, const Phase& phase, const Batch& batch,
                     torch::Tensor& teacher_logits) {
    const Exits exits = forward_child(child, batch);
    const LossOptions options = {recipe_.label_smoothing, recipe_.distillation,
                                 recipe_.stage_weights};
    torch::Tensor loss;
    if (phase.teacher == Teacher::kFrozen) {
      loss = pupil_loss(exits, batch.labels, teacher_logits, options);
    } else if (child.is_teacher) {
      loss = teacher_loss(exits, batch.labels, options);
      teacher_logits = exits.logits.back().detach();
    } else if (teacher_logits.defined()) {
      loss = student_loss(exits, teacher_logits, options);
    } else {
      loss = label_loss(exits, batch.labels, options);
    }
    loss.backward();
    return loss.item<double>();
  }

  Exits forward_child(const Child& child, const Batch& batch) {
    const Plan plan = lower(options_.space, child.spec);
    ForwardOptions forward = forward_options();
    if (child.is_teacher) forward.dropout = {recipe_.dropout, options_.seed, state_.step, 0};
    return state_.supernet->forward(resize(batch.images, plan.resolution), plan, forward);
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

  /// Accuracies on val, the weights for eval, search and export, and a line of metrics.
  void end_epoch() {
    EpochReport report;
    report.epoch = static_cast<int>(state_.step / steps_per_epoch_);
    report.epochs = recipe_.epochs();
    const Phase& phase =
        recipe_.phases[moment_of(recipe_, state_.step - 1, steps_per_epoch_).phase];
    report.phase = phase.name;
    report.loss = state_.epoch_loss / static_cast<double>(steps_per_epoch_);
    report.train_seconds = epoch_watch_.seconds();
    report.accuracies = measure_specs(phase);
    report.seconds = watch_.seconds();
    epoch_watch_ = Stopwatch();
    state_.epoch_loss = 0;
    save_supernet(directory_.supernet_path(), options_.space, current_weights(),
                  data_.description(),
                  {{"recipe", recipe_.name},
                   {"epoch", report.epoch},
                   {"epochs", report.epochs},
                   {"seed", options_.seed}});
    directory_.append_metrics(metrics_of(report));
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
      const Subnet subnet = extract_calibrated(measured, lower(options_.space, spec), data_);
      return {name, exit_accuracies(measure(subnet, data_, Split::kVal))};
    };
    if (options_.spec) return {accuracy("spec", *options_.spec)};
    return {accuracy("smallest", smallest(restricted(options_.space, phase.restrict))),
            accuracy("largest", largest(options_.space))};
  }

  NamedTensors current_weights() const {
    return state_.average.empty() ? supernet_weights(state_.supernet) : state_.average;
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
  Stopwatch watch_, epoch_watch_;
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
  if (options.spec) check_fits(options.space, *options.spec, "spec to train");
  check_recipe(options);
  const std::optional<SupernetFile> initial = initial_weights(options);
  RunDirectory directory(options.output, configuration_of(options, initial, data));
  return Trainer(options, initial, data, observer, directory).run(stop);
}

}  // namespace enas4d
