// Sorting channels by importance, so that the leading ones, which smaller choices keep, are those
// that matter most (OFA, section 3.1 of papers).
#pragma once

#include <map>
#include <string>

#include <torch/types.h>

#include "arch/space.h"
#include "nn/subnet.h"

namespace enas4d {

/// Where the rows and columns of one parameter come from: int64 indices; undefined = they stay.
struct ParameterOrder {
  torch::Tensor rows;     ///< dimension 0
  torch::Tensor columns;  ///< dimension 1
};

/// By a parameter's name.
using ChannelOrder = std::map<std::string, ParameterOrder>;

/// The order in which channels become less important to whoever reads them: L1 norm of all dense
/// weights on a channel, over every stage. Channels that a residual, a gate or a depthwise
/// convolution ties together move together.
///
/// `trained` is `space` restricted to what has been trained so far: channels stay within the ranges
/// that its choices cut, so that every spec of `trained` computes what it did before.
ChannelOrder importance_order(const Space& space, const Space& trained,
                              const NamedTensors& weights);

/// Moves the rows and columns of `tensors` (weights, their momentum or their averages) in place.
void reorder(const ChannelOrder& order, const NamedTensors& tensors);

}  // namespace enas4d
