// How ranks share one training: who takes which images, and that all begin from the same state.
#pragma once

#include "checkpoint/training_state.h"
#include "dist/ranks.h"
#include "train/recipe.h"

namespace enas4d {

/// Images of each global batch that one of `size` ranks trains on. Throws Error (usage) if the
/// ranks do not divide the batch, or a rank's part holds no whole number of norm batches: then the
/// result would depend on the number of ranks in a way that the recipe excludes.
int rows_of_rank(const Recipe& recipe, int size);

/// Gives every rank the weights, frozen teacher, momentum, averages, step and loss of rank 0.
void share_state(TrainingState& state, Ranks& ranks);

}  // namespace enas4d
