// How a training and each of its phases begin.
#pragma once

#include <cstddef>
#include <optional>

#include "checkpoint/training_state.h"
#include "checkpoint/weights_files.h"
#include "train/train.h"

namespace enas4d {

/// The weights that `options.init_from` names, if it does. Throws Error (bad input) for a file that
/// cannot be read or is of another space.
std::optional<SupernetFile> initial_weights(const TrainOptions& options);

/// Throws Error (bad input) if weights from `source` that were trained on `trained` have seen
/// images that are val in `data`: the same training images, parted by another split seed.
void require_unseen_val(const DataDescription& trained, const Dataset& data,
                        const std::string& source);

/// Throws Error (bad input) where the recipe asks for what this training has not: a frozen teacher
/// before anything was trained, sorted channels or choices of a single spec.
void check_recipe(const TrainOptions& options);

/// The state before the first step.
TrainingState begin_training(const TrainOptions& options,
                             const std::optional<SupernetFile>& initial,
                             const DataDescription& data, const Json& configuration);

/// What comes before the first step of a phase: sorts channels by importance within the ranges that
/// earlier phases trained, and freezes a teacher if this is the first phase that learns from one.
void begin_phase(TrainingState& state, const Recipe& recipe, std::size_t phase);

/// A supernet with these weights.
Supernet supernet_with(const Space& space, const NamedTensors& weights);

}  // namespace enas4d
