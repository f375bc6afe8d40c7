// A training recipe as data: phases, what each may choose, subnets a step, losses, regularisation
// (design 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/space.h"
#include "data/augmentation.h"
#include "util/json.h"

namespace enas4d {

struct Phase {
  std::string name;
  int epochs = 1;
  double learning_rate = 0.1;  ///< peak, for the recipe's batch
  double warm_up_epochs = 0;   ///< linear from 0; then cosine to 0
  int largest = 1;             ///< subnets a step: of the largest spec (0 or 1),
  int smallest = 1;            ///< the smallest (0 or 1),
  int random = 2;              ///< and uniform ones
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
  double distillation = 1;  ///< weight of the in-place teacher in the largest's earlier exits (the
                            ///< rest is cross-entropy)
  double ema = 0;           ///< decay of averaged weights; 0 = off
  Augmentation augmentation;
  std::vector<Phase> phases;

  int epochs() const;
};

/// Reads a document of kind `recipe`.
Recipe read_recipe(const JsonValue& document);
Json to_json(const Recipe& recipe);

/// Scales the phases so that they last `epochs` in all, each at least 1.
Recipe with_epochs(Recipe recipe, int epochs);

}  // namespace enas4d
