// The gradients of one training step. Where the recipe's norm batches allow it, each thread takes a
// part of the batch through all subnets, as a rank does, a norm batch after the other: threads
// then meet once a step and not several times a layer, and what a layer makes is still in the cache
// when the next reads it.
#pragma once

#include <cstdint>
#include <vector>

#include "data/train_loader.h"
#include "nn/supernet.h"
#include "train/recipe.h"
#include "train/schedule.h"

namespace enas4d {

/// What a step's subnets learn from.
struct Lesson {
  Batch batch;                   ///< this rank's part of the global batch
  std::int64_t first_image = 0;  ///< index of its first image in the global batch
  std::int64_t step = 0;
  std::vector<StepSubnet> subnets;
  Supernet frozen{nullptr};  ///< the teacher, whose largest network is asked; none: the largest
                             ///< subnet teaches those after it
};

/// Means over the batch, of losses that are sums over exits.
struct StepLosses {
  double first = 0;  ///< of the first subnet (the largest)
  double all = 0;    ///< of all subnets together
};

class StepGradients {
 public:
  /// For steps of `rows` images, on as many threads as LibTorch has now. `recipe` must outlive it.
  StepGradients(Supernet supernet, const Recipe& recipe, std::uint64_t seed, int rows);

  /// Adds the gradient of all subnets' losses to the supernet's. The same number of threads gives
  /// the same bits.
  StepLosses add(const Lesson& lesson);

  /// Of the batch, each on a thread of its own; one: threads share the layers.
  int parts() const { return static_cast<int>(supernets_.size()); }

 private:
  StepLosses add_part(std::size_t part, const Lesson& lesson) const;
  StepLosses add_norm_batches(std::size_t part, const Lesson& lesson) const;
  torch::Tensor loss_of_subnet(std::size_t part, const StepSubnet& subnet, const Lesson& lesson,
                               torch::Tensor& soft_labels) const;
  ForwardOptions forward_options() const;

  const Recipe& recipe_;
  const std::uint64_t seed_;
  const int rows_;
  std::vector<Supernet> supernets_;  ///< one a part: the first is the one that learns, the others
                                     ///< share its weights' memory and have gradients of their own
  std::size_t norm_batches_ = 1;     ///< that a part takes one after the other; 1: all at once
};

}  // namespace enas4d
