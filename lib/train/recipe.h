// A training recipe as data: phases, what each may choose, subnets a step, losses, regularisation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/restriction.h"
#include "arch/space.h"
#include "data/augmentation.h"
#include "data/mixing.h"
#include "nn/precision.h"
#include "util/json.h"

namespace enas4d {

/// Who gives soft labels.
enum class Teacher {
  kInPlace,  ///< the largest subnet of the same step; it learns from the labels
  kFrozen,   ///< the largest network as it was before the first such phase; all subnets learn from
             ///< it and from the labels
};

struct Phase {
  std::string name;
  double epochs = 1;           ///< also a part of one, as 0.5
  double learning_rate = 0.1;  ///< peak, for the recipe's batch
  double warm_up_epochs = 0;   ///< linear from 0; then cosine to 0
  int largest = 1;             ///< subnets a step: of the largest spec (0 or 1),
  int smallest = 1;            ///< the smallest (0 or 1),
  int random = 2;              ///< and uniform ones
  Restriction restrict;        ///< what these are drawn from
  Teacher teacher = Teacher::kInPlace;
  bool sort = false;  ///< channels by importance, before the phase's first step
};

struct Recipe {
  std::string name;
  int batch = 128;        ///< global
  int norm_batch = 0;     ///< images whose statistics normalise together; 0 = the whole local batch
  double momentum = 0.9;  ///< Nesterov
  double weight_decay = 0;     ///< not on norms and biases
  double clip_norm = 0;        ///< of the summed gradient; 0 = none
  double label_smoothing = 0;  ///< of the largest's cross-entropy
  double dropout = 0;          ///< on the largest only
  double distillation = 1;  ///< weight of the in-place teacher in the largest's earlier exits, of a
                            ///< frozen one in all exits, beside cross-entropy
  std::vector<double> stage_weights;  ///< of the exits' losses; empty = 1 each
  double ema = 0;                     ///< decay of averaged weights; 0 = off
  Augmentation augmentation;
  Mixing mixing;
  bool zero_last_norm = false;  ///< residual branches begin as the identity (BigNAS)
  Precision precision = Precision::kFloat32;
  std::vector<Phase> phases;

  double epochs() const;
};

/// Reads a document of kind `recipe`.
Recipe read_recipe(const JsonValue& document);
Json to_json(const Recipe& recipe);

/// Scales the phases so that they last `epochs` in all; they may then begin in mid-epoch.
Recipe with_epochs(Recipe recipe, double epochs);

/// A recipe without the phases that a space has no use for, and why each of them is left out.
struct FittedRecipe {
  Recipe recipe;
  std::vector<std::string> notes;
};

/// Leaves out phases that free nothing: their choices are those of the phase before, though they
/// ask for others. Where two steps towards the same choices become one, the later stays. Throws
/// Error (bad input) where a recipe names more or fewer stages than there are.
FittedRecipe fit_to(const Space& space, Recipe recipe);

}  // namespace enas4d
