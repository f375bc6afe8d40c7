#include "arch/plan.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace enas4d {
namespace {

/// What one stage made at one place: a channel group. Without a value it only takes its place in
/// the full weight.
struct Group {
  int value;
  int channels;
  int full_channels;  ///< of the largest choices
};

std::size_t at(int index) {
  return static_cast<std::size_t>(index);
}

int hidden_width(int expand, int channels) {
  return expand == 1 ? channels : round8(expand * channels);
}

Layer& add_layer(Plan& plan, Role role, int stage, int unit, int block) {
  Layer& layer = plan.layers.emplace_back();
  layer.role = role;
  layer.stage = stage;
  layer.unit = unit;
  layer.block = block;
  layer.kernel = layer.full_kernel = layer.stride = 1;
  layer.in_size = layer.out_size = 1;
  layer.activation = Activation::kLinear;
  return layer;
}

/// Appends `group` to what `layer` reads. Columns are laid out by full widths: a smaller choice in
/// an early group must not move the columns of the groups after it.
void read_group(Layer& layer, const Group& group) {
  if (group.value != kNoValue) {
    layer.inputs[at(layer.input_count++)] = {group.value, group.channels, layer.full_in_channels};
  }
  layer.in_channels += group.channels;
  layer.full_in_channels += group.full_channels;
}

/// Lowers one spec. Stages run one after the other, so every layer reads values that are there
/// already: causality holds by construction.
class Lowering {
 public:
  Lowering(const Space& space, const Spec& spec, Plan& plan)
      : space_(space), spec_(spec), plan_(plan) {}

  void add_stage(int stage);

 private:
  void add_stem();
  void add_block(int unit, int block);
  Group add_expand(int unit, int block);
  Group add_depthwise(int unit, int block, const Group& input);
  Group add_squeeze_excite(int unit, int block, const Group& own);
  Group add_project(int unit, int block, const Group& own);
  void add_head();

  const UnitSpec& unit_spec(int stage, int unit) const {
    return spec_.stages[at(stage)].units[at(unit)];
  }
  const Block& block_spec(int unit, int block) const {
    return unit_spec(stage_, unit).blocks[at(block)];
  }
  int depth(int stage, int unit) const {
    return static_cast<int>(unit_spec(stage, unit).blocks.size());
  }

  Group block_input(int stage, int unit, int block) const;
  Group earlier_hidden(int stage, int unit, int block) const;
  void read_hidden(Layer& layer, const Group& own) const;
  void read_final(Layer& layer) const;

  /// Gives `layer` its output and returns it as a group.
  Group make(Layer& layer, int channels, int full_channels) {
    layer.output = plan_.values++;
    layer.out_channels = channels;
    layer.full_out_channels = full_channels;
    return {layer.output, channels, full_channels};
  }

  const Space& space_;
  const Spec& spec_;
  Plan& plan_;
  int stage_ = 0;
  int size_ = 0;  ///< height = width at the place that is being lowered

  // Left uninitialised: clearing them would cost more than a small network's layers.
  // outputs_[stage][unit][b]: after b blocks; b = 0 is the unit's input, unit = units what the head
  // reads.
  std::array<std::array<std::array<Group, kMaxDepth + 1>, kMaxUnits + 1>, kMaxStages> outputs_;
  // hidden_[stage][unit][block]: of the blocks that run, after their gates.
  std::array<std::array<std::array<Group, kMaxDepth>, kMaxUnits>, kMaxStages> hidden_;
  std::array<Group, kMaxStages> final_;
};

void Lowering::add_stage(int stage) {
  stage_ = stage;
  size_ = spec_.resolution;
  add_stem();
  const int units = static_cast<int>(space_.units.size());
  for (int unit = 0; unit < units; ++unit) {
    for (int block = 0; block < depth(stage, unit); ++block) add_block(unit, block);
    outputs_[at(stage)][at(unit + 1)][0] = outputs_[at(stage)][at(unit)][at(depth(stage, unit))];
  }
  add_head();
}

void Lowering::add_stem() {
  const StemSpace& stem = space_.stem;
  Layer& layer = add_layer(plan_, Role::kStem, stage_, -1, 0);
  read_group(layer, {0, space_.channels, space_.channels});
  layer.kernel = layer.full_kernel = stem.kernel;
  layer.stride = stem.stride;
  layer.in_size = size_;
  layer.out_size = size_ = (size_ - 1) / stem.stride + 1;
  layer.activation = stem.activation;
  outputs_[at(stage_)][0][0] =
      make(layer, spec_.stages[at(stage_)].stem, stem.width[at(stage_)].back());
}

void Lowering::add_block(int unit, int block) {
  Group hidden = block_input(stage_, unit, block);
  if (block_spec(unit, block).expand != 1) hidden = add_expand(unit, block);
  hidden = add_depthwise(unit, block, hidden);
  if (space_.units[at(unit)].squeeze_excite) hidden = add_squeeze_excite(unit, block, hidden);
  hidden_[at(stage_)][at(unit)][at(block)] = hidden;
  outputs_[at(stage_)][at(unit)][at(block + 1)] = add_project(unit, block, hidden);
}

Group Lowering::add_expand(int unit, int block) {
  const UnitSpace& space = space_.units[at(unit)];
  Layer& layer = add_layer(plan_, Role::kExpand, stage_, unit, block);
  for (int stage = 0; stage <= stage_; ++stage) {
    read_group(layer, block_input(stage, unit, block));
  }
  layer.in_size = layer.out_size = size_;
  layer.activation = space.activation;
  const Group own = block_input(stage_, unit, block);
  return make(layer, hidden_width(block_spec(unit, block).expand, own.channels),
              hidden_width(space.expand[at(stage_)].back(), own.full_channels));
}

Group Lowering::add_depthwise(int unit, int block, const Group& input) {
  const UnitSpace& space = space_.units[at(unit)];
  Layer& layer = add_layer(plan_, Role::kDepthwise, stage_, unit, block);
  read_group(layer, input);
  layer.kernel = block_spec(unit, block).kernel;
  layer.full_kernel = space.kernel[at(stage_)].back();
  layer.stride = block == 0 ? space.stride : 1;
  layer.in_size = size_;
  layer.out_size = size_ = (size_ - 1) / layer.stride + 1;
  layer.activation = space.activation;
  return make(layer, input.channels, input.full_channels);
}

Group Lowering::add_squeeze_excite(int unit, int block, const Group& own) {
  Layer& squeeze = add_layer(plan_, Role::kSqueeze, stage_, unit, block);
  read_hidden(squeeze, own);
  squeeze.in_size = size_;
  squeeze.activation = Activation::kRelu;
  const Group squeezed = make(squeeze, round8(own.channels, 4), round8(own.full_channels, 4));

  Layer& excite = add_layer(plan_, Role::kExcite, stage_, unit, block);
  read_group(excite, squeezed);
  excite.gated = own.value;
  excite.activation = Activation::kHardSigmoid;
  return make(excite, own.channels, own.full_channels);
}

Group Lowering::add_project(int unit, int block, const Group& own) {
  Layer& layer = add_layer(plan_, Role::kProject, stage_, unit, block);
  read_hidden(layer, own);
  layer.in_size = layer.out_size = size_;
  if (block > 0) layer.addend = block_input(stage_, unit, block).value;
  return make(layer, unit_spec(stage_, unit).width,
              space_.units[at(unit)].width[at(stage_)].back());
}

void Lowering::add_head() {
  const HeadSpace& head = space_.head;
  const int units = static_cast<int>(space_.units.size());

  Layer& last = add_layer(plan_, Role::kFinal, stage_, units, 0);
  for (int stage = 0; stage <= stage_; ++stage) {
    read_group(last, outputs_[at(stage)][at(units)][0]);
  }
  last.in_size = last.out_size = size_;
  last.activation = head.activation;
  final_[at(stage_)] = make(last, spec_.stages[at(stage_)].head, head.width[at(stage_)].back());

  if (head.features.empty()) {
    Layer& classifier = add_layer(plan_, Role::kClassifier, stage_, units, 0);
    read_final(classifier);
    make(classifier, space_.classes, space_.classes);
    return;
  }
  Layer& features = add_layer(plan_, Role::kFeatures, stage_, units, 0);
  read_final(features);
  features.activation = head.activation;
  const int width = head.features[at(stage_)];
  const Group made = make(features, width, width);

  Layer& classifier = add_layer(plan_, Role::kClassifier, stage_, units, 0);
  read_group(classifier, made);
  make(classifier, space_.classes, space_.classes);
}

/// The group of `stage` as it stands before `block`: where that stage skips blocks, what its last
/// one made.
Group Lowering::block_input(int stage, int unit, int block) const {
  return outputs_[at(stage)][at(unit)][at(std::min(block, depth(stage, unit)))];
}

/// The hidden group that `stage`, an earlier one, made in this block. If it skips the block the
/// group has no value, and if it can never run it, no columns either.
Group Lowering::earlier_hidden(int stage, int unit, int block) const {
  if (block < depth(stage, unit)) return hidden_[at(stage)][at(unit)][at(block)];
  const UnitSpace& space = space_.units[at(unit)];
  if (block >= space.depth[at(stage)].back()) return {kNoValue, 0, 0};
  const int width = space.width[at(stage)].back();
  return {kNoValue, 0, hidden_width(space.expand[at(stage)].back(), width)};
}

/// What squeeze and projection of a block read; `own` is the stage's hidden group as it stands.
void Lowering::read_hidden(Layer& layer, const Group& own) const {
  if (space_.projection_reads == ProjectionReads::kAll) {
    for (int stage = 0; stage < stage_; ++stage) {
      read_group(layer, earlier_hidden(stage, layer.unit, layer.block));
    }
  }
  read_group(layer, own);
}

void Lowering::read_final(Layer& layer) const {
  for (int stage = 0; stage <= stage_; ++stage) read_group(layer, final_[at(stage)]);
}

/// At least as many as there will be: layers move while a fresh plan grows, which costs as much as
/// making them.
std::size_t layer_bound(const Spec& spec) {
  std::size_t count = 0;
  for (const StageSpec& stage : spec.stages) {
    count += 4;  // stem, final, features, classifier
    for (const UnitSpec& unit : stage.units) count += 5 * unit.blocks.size();
  }
  return count;
}

const char* role_word(Role role) {
  switch (role) {
    case Role::kStem:
      return "stem";
    case Role::kExpand:
      return "expand";
    case Role::kDepthwise:
      return "depthwise";
    case Role::kSqueeze:
      return "squeeze";
    case Role::kExcite:
      return "excite";
    case Role::kProject:
      return "project";
    case Role::kFinal:
      return "final";
    case Role::kFeatures:
      return "features";
    case Role::kClassifier:
      return "classifier";
  }
  return "";
}

}  // namespace

Plan lower(const Space& space, const Spec& spec) {
  Plan plan;
  lower(space, spec, plan);
  return plan;
}

void lower(const Space& space, const Spec& spec, Plan& plan) {
  assert(fits(space, spec));
  plan.stages = space.stages;
  plan.channels = space.channels;
  plan.classes = space.classes;
  plan.resolution = spec.resolution;
  plan.values = 1;  // the image
  plan.layers.clear();
  plan.layers.reserve(layer_bound(spec));
  plan.stage_end.clear();
  Lowering lowering(space, spec, plan);
  for (int stage = 0; stage < space.stages; ++stage) {
    lowering.add_stage(stage);
    plan.stage_end.push_back(static_cast<int>(plan.layers.size()));
  }
}

Plan full_plan(const Space& space) {
  Spec spec = largest(space);
  spec.resolution = space.resolution.front();
  return lower(space, spec);
}

bool has_norm(Role role) {
  switch (role) {
    case Role::kStem:
    case Role::kExpand:
    case Role::kDepthwise:
    case Role::kProject:
    case Role::kFinal:
      return true;
    default:
      return false;
  }
}

bool is_pooled(Role role) {
  return role == Role::kFinal;
}

bool is_head(Role role) {
  return role == Role::kFeatures || role == Role::kClassifier;
}

std::string layer_name(const Layer& layer) {
  switch (layer.role) {
    case Role::kStem:
    case Role::kFinal:
    case Role::kFeatures:
    case Role::kClassifier:
      return fmt::format(FMT_STRING("stage{}_{}"), layer.stage + 1, role_word(layer.role));
    default:
      return fmt::format(FMT_STRING("stage{}_unit{}_block{}_{}"), layer.stage + 1, layer.unit + 1,
                         layer.block + 1, role_word(layer.role));
  }
}

std::int64_t macs(const Layer& layer) {
  const std::int64_t pixels = std::int64_t{layer.out_size} * layer.out_size;
  const std::int64_t taps = std::int64_t{layer.kernel} * layer.kernel;
  const std::int64_t columns = layer.role == Role::kDepthwise ? 1 : layer.in_channels;
  return pixels * taps * columns * layer.out_channels;
}

std::int64_t parameters(const Layer& layer) {
  const std::int64_t taps = std::int64_t{layer.kernel} * layer.kernel;
  const std::int64_t columns = layer.role == Role::kDepthwise ? 1 : layer.in_channels;
  return (taps * columns + (has_norm(layer.role) ? 2 : 1)) * layer.out_channels;
}

ExitMacs exit_macs(const Plan& plan) {
  ExitMacs result;
  std::int64_t body = 0, heads = 0;
  std::size_t next = 0;
  for (const int end : plan.stage_end) {
    std::int64_t head = 0;
    for (; next < at(end); ++next) {
      const Layer& layer = plan.layers[next];
      (is_head(layer.role) ? head : body) += macs(layer);
    }
    heads += head;
    result.cumulative.push_back(body + heads);
    result.alone.push_back(body + head);
  }
  return result;
}

std::int64_t parameters(const Plan& plan) {
  std::int64_t sum = 0;
  for (const Layer& layer : plan.layers) sum += parameters(layer);
  return sum;
}

int round8(int numerator, int denominator) {
  return std::max(8, 8 * ((numerator + 4 * denominator) / (8 * denominator)));
}

}  // namespace enas4d
