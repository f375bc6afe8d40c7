#include "train/begin.h"

#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/restriction.h"
#include "nn/importance.h"
#include "train/sgd.h"
#include "util/error.h"

namespace enas4d {

namespace {

Error misfit(const Recipe& recipe, std::size_t phase, const char* key, const char* rule) {
  return bad_input(fmt::format("recipe '{}': /phases/{}/{}", recipe.name, phase, key), rule);
}

/// The last norm of every residual branch becomes 0, so that blocks begin as the identity.
void zero_last_norms(const Supernet& supernet) {
  const torch::NoGradGuard no_grad;
  auto parameters = supernet->named_parameters(/*recurse=*/false);
  for (const Layer& layer : full_plan(supernet->space()).layers) {
    if (layer.addend != kNoValue) parameters[layer_name(layer) + "_norm_weight"].zero_();
  }
}

/// What the phases before `phase` trained. Before the first that is the largest alone, also where
/// weights come from elsewhere: a recipe that begins with sorting says so of them.
Space trained_before(const Space& space, const Recipe& recipe, std::size_t phase) {
  Restriction trained = {1, 1, 1, 1, 1};
  for (std::size_t p = 0; p < phase; ++p) trained = wider(trained, recipe.phases[p].restrict);
  return restricted(space, trained);
}

void sort_channels(TrainingState& state, const Space& trained) {
  const NamedTensors weights = supernet_weights(state.supernet);
  const ChannelOrder order = importance_order(state.supernet->space(), trained, weights);
  reorder(order, weights);
  reorder(order, state.momentum);
  if (!state.average.empty()) reorder(order, state.average);
}

}  // namespace

std::optional<SupernetFile> initial_weights(const TrainOptions& options) {
  if (options.init_from.empty()) return std::nullopt;
  SupernetFile file = load_supernet(options.init_from);
  if (file.space_hash != space_hash(options.space)) {
    throw bad_input(options.init_from,
                    fmt::format("holds weights of another space: '{}' with hash {:.8}, training is "
                                "for '{}' with hash {:.8}",
                                file.supernet->space().name, file.space_hash, options.space.name,
                                space_hash(options.space)));
  }
  return file;
}

void require_unseen_val(const DataDescription& trained, const Dataset& data,
                        const std::string& source) {
  const DataDescription& own = data.description();
  const bool held_out = &data.images(Split::kVal) == &data.images(Split::kTrain);
  if (!held_out || trained.hash != own.hash || trained.split_seed == own.split_seed) return;
  throw bad_input(source, fmt::format("has seen most images of val: it was trained with "
                                      "--split-seed {0}, this is {1}; --split-seed {0}",
                                      trained.split_seed, own.split_seed));
}

void check_recipe(const TrainOptions& options) {
  const Recipe& recipe = options.recipe;
  const bool has_weights = !options.init_from.empty();
  for (std::size_t p = 0; p < recipe.phases.size(); ++p) {
    const Phase& phase = recipe.phases[p];
    if (options.spec && phase.sort) {
      throw misfit(recipe, p, "sort", "must be false where one spec is trained");
    }
    if (phase.teacher == Teacher::kInPlace) continue;
    if (p == 0 && !has_weights) {
      throw misfit(recipe, p, "teacher",
                   "frozen in the first phase needs trained weights to begin from (--init-from)");
    }
    if (options.spec && recipe.phases[0].teacher != Teacher::kFrozen) {
      throw misfit(
          recipe, p, "teacher",
          "must be frozen from the first phase on, or in_place, where one spec is trained");
    }
  }
}

TrainingState begin_training(const TrainOptions& options,
                             const std::optional<SupernetFile>& initial,
                             const DataDescription& data, const Json& configuration) {
  TrainingState state;
  state.supernet = initial ? initial->supernet : Supernet(options.space, options.seed);
  if (!initial && options.recipe.zero_last_norm) zero_last_norms(state.supernet);
  state.momentum = zeros_like_weights(state.supernet);
  if (options.recipe.ema > 0) {
    for (const auto& [name, weight] : supernet_weights(state.supernet))
      state.average[name] = weight.clone();
  }
  state.data = data;
  state.configuration = configuration;
  return state;
}

void begin_phase(TrainingState& state, const Recipe& recipe, std::size_t phase) {
  const Space& space = state.supernet->space();
  if (recipe.phases[phase].teacher == Teacher::kFrozen && !state.teacher) {
    state.teacher = supernet_with(
        space, state.average.empty() ? supernet_weights(state.supernet) : state.average);
  }
  if (recipe.phases[phase].sort) sort_channels(state, trained_before(space, recipe, phase));
}

Supernet supernet_with(const Space& space, const NamedTensors& weights) {
  const torch::NoGradGuard no_grad;
  Supernet supernet(space, /*seed=*/0);
  for (auto& item : supernet->named_parameters(/*recurse=*/false)) {
    item.value().copy_(weights.at(item.key()));
  }
  return supernet;
}

}  // namespace enas4d
