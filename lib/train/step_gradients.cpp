#include "train/step_gradients.h"

#include <utility>

#include <torch/torch.h>

#include "arch/plan.h"
#include "data/dataset.h"
#include "nn/serial_section.h"
#include "nn/slices.h"
#include "train/loss.h"

namespace enas4d {

namespace {

/// Equal parts of whole norm batches, or one.
int parts_of_step(const Recipe& recipe, int rows, int threads) {
  return recipe.norm_batch > 0 && rows % (threads * recipe.norm_batch) == 0 ? threads : 1;
}

void share_memory(const Supernet& from, const Supernet& to) {
  const auto weights = from->parameters(/*recurse=*/false);
  auto views = to->parameters(/*recurse=*/false);
  for (std::size_t i = 0; i < views.size(); ++i) views[i].set_data(weights[i].detach());
}

/// Adds the gradients of `from` to those of `to`, and drops them.
void move_gradients(const Supernet& from, const Supernet& to) {
  auto given = from->parameters(/*recurse=*/false);
  auto taken = to->parameters(/*recurse=*/false);
  for (std::size_t i = 0; i < given.size(); ++i) {
    torch::Tensor gradient = std::exchange(given[i].mutable_grad(), {});
    if (!gradient.defined()) continue;
    if (taken[i].grad().defined()) {
      taken[i].mutable_grad().add_(gradient);
    } else {
      taken[i].mutable_grad() = std::move(gradient);
    }
  }
}

/// Part `index` of `parts` equal ones.
Lesson part_of(const Lesson& whole, std::size_t index, std::size_t parts) {
  Lesson part = whole;
  const std::int64_t rows = whole.batch.images.size(0) / static_cast<std::int64_t>(parts);
  const std::int64_t first = rows * static_cast<std::int64_t>(index);
  part.batch = {whole.batch.images.narrow(0, first, rows),
                whole.batch.labels.narrow(0, first, rows)};
  part.first_image += first;
  return part;
}

/// Of the teacher's last exit.
torch::Tensor frozen_logits(const Lesson& lesson, const ForwardOptions& options) {
  const torch::NoGradGuard no_grad;
  Supernet teacher = lesson.frozen;
  const Plan plan = lower(teacher->space(), largest(teacher->space()));
  return teacher->forward(resize(lesson.batch.images, plan.resolution), plan, options)
      .logits.back();
}

}  // namespace

StepGradients::StepGradients(Supernet supernet, const Recipe& recipe, std::uint64_t seed, int rows)
    : recipe_(recipe), seed_(seed), rows_(rows), supernets_{std::move(supernet)} {
  const int threads = at::get_num_threads();
  const int parts = parts_of_step(recipe, rows, threads);
  if (parts == threads && recipe.norm_batch > 0 && rows % recipe.norm_batch == 0)
    norm_batches_ = static_cast<std::size_t>(rows / parts / recipe.norm_batch);
  while (this->parts() < parts) supernets_.emplace_back(supernets_[0]->space(), /*seed=*/0);
}

StepLosses StepGradients::add(const Lesson& lesson) {
  TORCH_CHECK(lesson.batch.images.size(0) == rows_, "a step of ", rows_, " images");
  const std::size_t parts = supernets_.size();
  for (std::size_t i = 1; i < parts; ++i) share_memory(supernets_[0], supernets_[i]);
  std::vector<StepLosses> losses(parts);
  for_each_part(
      static_cast<std::int64_t>(parts), [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        const SerialSection serial(parts > 1 ? Threads::kOne : Threads::kAll);
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          losses[i] = add_part(i, part_of(lesson, i, parts));
        }
      });
  StepLosses mean;
  for (std::size_t i = 0; i < parts; ++i) {
    mean.first += losses[i].first / static_cast<double>(parts);
    mean.all += losses[i].all / static_cast<double>(parts);
    if (i > 0) move_gradients(supernets_[i], supernets_[0]);
  }
  return mean;
}

StepLosses StepGradients::add_part(std::size_t part, const Lesson& lesson) const {
  StepLosses mean;
  for (std::size_t i = 0; i < norm_batches_; ++i) {
    const StepLosses losses = add_norm_batches(part, part_of(lesson, i, norm_batches_));
    mean.first += losses.first / static_cast<double>(norm_batches_);
    mean.all += losses.all / static_cast<double>(norm_batches_);
  }
  return mean;
}

StepLosses StepGradients::add_norm_batches(std::size_t part, const Lesson& lesson) const {
  const std::size_t lessons = supernets_.size() * norm_batches_;
  torch::Tensor soft_labels;
  if (lesson.frozen) soft_labels = frozen_logits(lesson, forward_options());
  StepLosses losses;
  for (const StepSubnet& subnet : lesson.subnets) {
    const torch::Tensor loss = loss_of_subnet(part, subnet, lesson, soft_labels);
    // Divided, so that all gradients add up to a mean.
    (loss / static_cast<double>(lessons)).backward();
    const auto value = loss.item<double>();
    if (&subnet == &lesson.subnets.front()) losses.first = value;
    losses.all += value;
  }
  return losses;
}

ForwardOptions StepGradients::forward_options() const {
  ForwardOptions options;
  options.norm_batch = recipe_.norm_batch;
  options.precision = recipe_.precision;
  return options;
}

/// The largest teaches those after it, unless `soft_labels` come from a frozen teacher.
torch::Tensor StepGradients::loss_of_subnet(std::size_t part, const StepSubnet& subnet,
                                            const Lesson& lesson,
                                            torch::Tensor& soft_labels) const {
  Supernet supernet = supernets_[part];
  const Plan plan = lower(supernet->space(), subnet.spec);
  ForwardOptions forward = forward_options();
  if (subnet.is_teacher) {
    forward.dropout = {recipe_.dropout, seed_, lesson.step, lesson.first_image};
  }
  const Exits exits =
      supernet->forward(resize(lesson.batch.images, plan.resolution), plan, forward);
  const LossOptions options = {recipe_.label_smoothing, recipe_.distillation,
                               recipe_.stage_weights};
  const torch::Tensor& labels = lesson.batch.labels;
  if (lesson.frozen) return labelled_student_loss(exits, labels, soft_labels, options);
  if (subnet.is_teacher) {
    soft_labels = exits.logits.back().detach();
    return teacher_loss(exits, labels, options);
  }
  if (soft_labels.defined()) return student_loss(exits, soft_labels, options);
  return label_loss(exits, labels, options);
}

}  // namespace enas4d
