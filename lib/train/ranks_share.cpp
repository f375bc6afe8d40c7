#include "train/ranks_share.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "util/error.h"

namespace enas4d {

int rows_of_rank(const Recipe& recipe, int size) {
  if (recipe.batch % size != 0) {
    throw usage_error(
        fmt::format("{} ranks do not divide the recipe's batch of {}", size, recipe.batch));
  }
  const int rows = recipe.batch / size;
  if (size > 1 && recipe.norm_batch > 0 && rows % recipe.norm_batch != 0) {
    throw usage_error(
        fmt::format("{} ranks train on {} images each, which must be a multiple of the "
                    "recipe's norm_batch of {}",
                    size, rows, recipe.norm_batch));
  }
  if (size > 1 && recipe.norm_batch == 0 && rows < 2) {
    throw usage_error(
        fmt::format("{} ranks train on one image each, which batch norm cannot "
                    "normalise; the recipe's batch is {}",
                    size, recipe.batch));
  }
  return rows;
}

namespace {

void share_weights(const Supernet& supernet, Ranks& ranks) {
  for (const auto& parameter : supernet->parameters(/*recurse=*/false)) {
    ranks.broadcast(parameter.detach());
  }
}

}  // namespace

void share_state(TrainingState& state, Ranks& ranks) {
  if (ranks.size() == 1) return;
  const torch::NoGradGuard no_grad;
  const auto counters =
      torch::tensor({static_cast<double>(state.step), state.epoch_loss, state.teacher ? 1.0 : 0.0},
                    torch::kDouble);
  ranks.broadcast(counters);
  state.step = static_cast<std::int64_t>(counters[0].item<double>());
  state.epoch_loss = counters[1].item<double>();
  if (counters[2].item<double>() > 0 && !state.teacher) {
    state.teacher = Supernet(state.supernet->space(), /*seed=*/0);
  }
  share_weights(state.supernet, ranks);
  if (state.teacher) share_weights(state.teacher, ranks);
  for (const auto& [name, momentum] : state.momentum) ranks.broadcast(momentum);
  for (const auto& [name, average] : state.average) ranks.broadcast(average);
}

}  // namespace enas4d
