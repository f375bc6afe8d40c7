// lower(space, spec): a choice worked out to a flat list of layers with every shape, offset and
// name. MAC counting, supernet forward, subnet, exports and summaries all read this list, so they
// cannot disagree. All arithmetic on widths, and the rounding rules, live in plan.cpp
// and nowhere else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/space.h"
#include "arch/spec.h"
#include "util/exit_macs.h"

namespace enas4d {

enum class Role {
  kStem,        ///< dense kxk on the image; norm, activation
  kExpand,      ///< 1x1 over the block inputs of stages <= s; norm, activation
  kDepthwise,   ///< kxk on the stage's own hidden group; norm, activation
  kSqueeze,     ///< spatial mean of its inputs, then 1x1 with bias, activation (relu)
  kExcite,      ///< 1x1 with bias on the squeeze, hard sigmoid: multiplies `gated`
  kProject,     ///< 1x1 over hidden groups; norm, linear, then + `addend`
  kFinal,       ///< 1x1 over the last unit's groups of stages <= s; norm, activation, spatial mean
  kFeatures,    ///< linear with bias over the pooled groups of stages <= s; activation
  kClassifier,  ///< linear with bias: the logits of the stage
};

/// A value that a layer reads: what some layer (or the image, value 0) made.
struct Input {
  int value;     ///< value id
  int channels;  ///< all of that value's channels
  int offset;    ///< where this group's columns begin in the layer's full weight
};

/// Index of a value that is not there.
constexpr int kNoValue = -1;

struct Layer {
  Role role;
  int stage;  ///< from 0
  int unit;   ///< from 0; the stem has -1, the head has the number of units
  int block;  ///< from 0 within the unit
  std::array<Input, kMaxStages> inputs;  ///< concatenated along channels in this order
  int input_count;
  int output;  ///< the value that this layer makes (kExcite: the gated group); each is made once
  int addend = kNoValue;  ///< kProject: residual
  int gated = kNoValue;   ///< kExcite: the hidden group that its gates multiply
  int in_channels;        ///< sum over inputs (kDepthwise too, though its weight has one column)
  int out_channels;       ///< leading rows of the full weight
  int full_in_channels;   ///< columns of the full weight
  int full_out_channels;  ///< rows of the full weight
  int kernel;             ///< 1 for everything but stem and depthwise
  int full_kernel;        ///< the stored kernel: the largest choice
  int stride;
  int in_size;   ///< height = width of the inputs; 1 for linear layers and kExcite
  int out_size;  ///< of the convolution: before kFinal's mean, 1 for kSqueeze and kExcite
  Activation activation;
};

struct Plan {
  int stages = 0;
  int channels = 0;  ///< of the image
  int classes = 0;
  int resolution = 0;
  int values = 0;              ///< ids are 0 (the image) to values - 1
  std::vector<Layer> layers;   ///< in order of execution, stage after stage
  std::vector<int> stage_end;  ///< layers of stage s: [stage_end[s-1], stage_end[s])
};

/// Works out `spec`, which must lie in `space` (assert).
Plan lower(const Space& space, const Spec& spec);

/// The same into a plan whose memory is used again: sampling lowers 100,000 specs a second.
void lower(const Space& space, const Spec& spec, Plan& plan);

/// All weights of the supernet: the plan of the largest spec at the smallest resolution.
Plan full_plan(const Space& space);

bool has_norm(Role role);   ///< batch norm after the convolution, which then has no bias
bool is_pooled(Role role);  ///< kFinal: the output is the spatial mean
bool is_head(Role role);    ///< kFeatures or kClassifier: nothing of another stage reads it

/// Calls `use(value)` for every value that the layer reads.
template <class Use>
void for_each_read(const Layer& layer, Use&& use) {
  for (int i = 0; i < layer.input_count; ++i) use(layer.inputs[static_cast<std::size_t>(i)].value);
  if (layer.gated != kNoValue) use(layer.gated);
  if (layer.addend != kNoValue) use(layer.addend);
}

/// "stage1_unit2_block1_expand", "stage1_stem", "stage2_classifier": counted from 1, the same in
/// checkpoints and exports. The layer's parameters are this name + "_weight", "_bias", or
/// "_norm_weight", "_norm_bias"; a subnet's statistics
/// "_norm_mean", "_norm_var"; kernel matrices "_kernel5", "_kernel3" (the size they make).
std::string layer_name(const Layer& layer);

/// Multiply-accumulates of one image in this layer.
std::int64_t macs(const Layer& layer);
/// Weights, biases, and the two parameters a channel of batch norm.
std::int64_t parameters(const Layer& layer);

ExitMacs exit_macs(const Plan& plan);
std::int64_t parameters(const Plan& plan);

/// max(8, 8 * floor(x / 8 + 1/2)): the one rounding rule, for hidden and squeeze widths.
int round8(int numerator, int denominator = 1);

}  // namespace enas4d
