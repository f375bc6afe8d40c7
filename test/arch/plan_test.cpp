// Plans worked out by hand, and the world's figure for a network that everybody counts.
#include "arch/plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/spaces.h"

namespace enas4d {
namespace {

const Layer& layer_named(const Plan& plan, const char* name) {
  const auto found = std::find_if(plan.layers.begin(), plan.layers.end(),
                                  [&](const Layer& layer) { return layer_name(layer) == name; });
  if (found == plan.layers.end()) FAIL("no layer " << name);
  return *found;
}

std::vector<int> input_values(const Layer& layer) {
  std::vector<int> values;
  for (int i = 0; i < layer.input_count; ++i) {
    values.push_back(layer.inputs[static_cast<std::size_t>(i)].value);
  }
  return values;
}

std::vector<int> input_offsets(const Layer& layer) {
  std::vector<int> offsets;
  for (int i = 0; i < layer.input_count; ++i) {
    offsets.push_back(layer.inputs[static_cast<std::size_t>(i)].offset);
  }
  return offsets;
}

/// Two stages of the pencil space: the first runs one block, the second two; smallest choices.
Spec uneven_spec() {
  const UnitSpec shallow{4, {{3, 2}}};
  const UnitSpec deep{4, {{3, 2}, {3, 2}}};
  return {8, {{4, {shallow}, 8}, {4, {deep}, 8}}};
}

TEST_CASE("OFA's D4 W3 K3 network at 224 pixels has the 226 M MACs of the paper", "[arch]") {
  const Space space = mobilenet_v3_space();
  Spec spec = smallest(space);
  spec.resolution = 224;
  for (std::size_t u = 1; u < spec.stages[0].units.size(); ++u) {
    spec.stages[0].units[u].blocks.resize(4, Block{3, 3});
  }
  const auto full = static_cast<double>(exit_macs(lower(space, spec)).full());
  CHECK(full == Approx(226e6).epsilon(0.01));
}

TEST_CASE("MACs and parameters of a two-stage network are those of a pencil", "[arch]") {
  const Plan plan = lower(pencil_space(2), uneven_spec());
  // 8 x 8 stem; 4 x 4 after the unit's stride; hidden 2 x 4 = 8.
  const std::int64_t stage1 = 64 * 9 * 1 * 4       // stem
                              + 64 * 4 * 8         // expand
                              + 16 * 9 * 8         // depthwise
                              + 16 * 8 * 4         // project
                              + 16 * 4 * 8;        // final
  const std::int64_t stage2 = 64 * 9 * 1 * 4       // stem
                              + 64 * (4 + 4) * 8   // block 1: expand reads both groups
                              + 16 * 9 * 8         //
                              + 16 * 8 * 4         // project reads its own hidden group
                              + 16 * (4 + 4) * 8   // block 2
                              + 16 * 9 * 8         //
                              + 16 * 8 * 4         //
                              + 16 * (4 + 4) * 8;  // final
  const std::int64_t head1 = 8 * 3, head2 = (8 + 8) * 3;
  const ExitMacs macs = exit_macs(plan);
  CHECK(macs.cumulative ==
        std::vector<std::int64_t>{stage1 + head1, stage1 + stage2 + head1 + head2});
  CHECK(macs.alone == std::vector<std::int64_t>{stage1 + head1, stage1 + stage2 + head2});

  const std::int64_t weights1 = 9 * 4 + 4 * 8 + 9 * 8 + 8 * 4 + 4 * 8 + 8 * 3;
  const std::int64_t weights2 =
      9 * 4 + 8 * 8 + 9 * 8 + 8 * 4 + 8 * 8 + 9 * 8 + 8 * 4 + 8 * 8 + 16 * 3;
  const std::int64_t norms = 2 * (4 + 8 + 8 + 4 + 8) + 2 * (4 + 8 + 8 + 4 + 8 + 8 + 4 + 8);
  CHECK(parameters(plan) == weights1 + weights2 + norms + 2 * 3);
}

TEST_CASE("squeeze-excite costs its two small layers and reads means", "[arch]") {
  Space space = pencil_space(1);
  space.units[0].squeeze_excite = true;
  const Plan plan = lower(space, largest(space));
  // Block 2 at 4 x 4: own width 8, hidden 4 x 8 = 32, squeezed to 32 / 4 = 8.
  const Layer& squeeze = layer_named(plan, "stage1_unit1_block2_squeeze");
  const Layer& excite = layer_named(plan, "stage1_unit1_block2_excite");
  CHECK(squeeze.in_size == 4);
  CHECK(macs(squeeze) == 32 * 8);
  CHECK(macs(excite) == 8 * 32);
  CHECK(parameters(excite) == 8 * 32 + 32);
  CHECK(excite.gated == layer_named(plan, "stage1_unit1_block2_depthwise").output);
  CHECK(input_values(layer_named(plan, "stage1_unit1_block2_project")) ==
        std::vector<int>{excite.output});
}

TEST_CASE("a skipped block passes its group through to later stages", "[arch]") {
  const Plan plan = lower(pencil_space(2), uneven_spec());
  const int early = layer_named(plan, "stage1_unit1_block1_project").output;
  const int own = layer_named(plan, "stage2_unit1_block1_project").output;
  const Layer& expand = layer_named(plan, "stage2_unit1_block2_expand");
  CHECK(input_values(expand) == std::vector<int>{early, own});
  CHECK(input_offsets(expand) == std::vector<int>{0, 8});  // columns as if the first group were 8
  const int last = layer_named(plan, "stage2_unit1_block2_project").output;
  CHECK(input_values(layer_named(plan, "stage2_final")) == std::vector<int>{early, last});
}

TEST_CASE("all blocks but a unit's first are residual", "[arch]") {
  const Plan plan = lower(pencil_space(2), uneven_spec());
  const Layer& first = layer_named(plan, "stage2_unit1_block1_project");
  CHECK(first.addend == kNoValue);
  CHECK(layer_named(plan, "stage2_unit1_block2_project").addend == first.output);
}

TEST_CASE("with projection_reads all a projection reads the hidden groups that run", "[arch]") {
  Space space = pencil_space(3);
  space.projection_reads = ProjectionReads::kAll;
  Spec spec = smallest(space);
  spec.stages[1].units[0].blocks.resize(2, Block{3, 4});
  spec.stages[2].units[0].blocks.resize(2, Block{3, 2});
  const Plan plan = lower(space, spec);

  const Layer& first = layer_named(plan, "stage3_unit1_block1_project");
  CHECK(first.input_count == 3);
  CHECK(input_offsets(first) == std::vector<int>{0, 16, 32});  // 4 x 4 wide at most, each

  const Layer& second = layer_named(plan, "stage3_unit1_block2_project");
  CHECK(input_values(second) ==
        std::vector<int>{layer_named(plan, "stage2_unit1_block2_depthwise").output,
                         layer_named(plan, "stage3_unit1_block2_depthwise").output});
  // The first stage could run this block, so its columns stay reserved: 4 x 8 wide at most.
  CHECK(input_offsets(second) == std::vector<int>{32, 64});
  CHECK(second.in_channels == 16 + 8);
  CHECK(second.full_in_channels == 96);
}

TEST_CASE("a stage that can never run a block has no columns in its projections", "[arch]") {
  Space space = pencil_space(2);
  space.projection_reads = ProjectionReads::kAll;
  space.units[0].depth[0] = {1};
  const Plan plan = lower(space, largest(space));
  CHECK(layer_named(plan, "stage2_unit1_block2_project").full_in_channels == 32);
}

TEST_CASE("earlier hidden groups are read after their gates", "[arch]") {
  Space space = pencil_space(2);
  space.projection_reads = ProjectionReads::kAll;
  space.units[0].squeeze_excite = true;
  const Plan plan = lower(space, smallest(space));
  const int gated = layer_named(plan, "stage1_unit1_block1_excite").output;
  const int own = layer_named(plan, "stage2_unit1_block1_depthwise").output;
  CHECK(input_values(layer_named(plan, "stage2_unit1_block1_squeeze")) ==
        std::vector<int>{gated, own});
  CHECK(input_values(layer_named(plan, "stage2_unit1_block1_project")) ==
        std::vector<int>{gated, layer_named(plan, "stage2_unit1_block1_excite").output});
}

TEST_CASE("expand 1 filters the block's own input group", "[arch]") {
  Space space = pencil_space(2);
  space.units[0].expand = for_stages(2, {1});
  const Plan plan = lower(space, smallest(space));
  const Layer& depthwise = layer_named(plan, "stage2_unit1_block1_depthwise");
  CHECK(input_values(depthwise) == std::vector<int>{layer_named(plan, "stage2_stem").output});
  CHECK(depthwise.out_channels == 4);  // not rounded to 8
}

TEST_CASE("with a features layer the classifier reads it alone", "[arch]") {
  Space space = pencil_space(2);
  space.head.features = {8, 12};
  const Plan plan = lower(space, smallest(space));
  const Layer& features = layer_named(plan, "stage2_features");
  CHECK(features.in_channels == 16);
  const Layer& classifier = layer_named(plan, "stage2_classifier");
  CHECK(input_values(classifier) == std::vector<int>{features.output});
  CHECK(classifier.full_in_channels == 12);
}

TEST_CASE("widths round to the nearest multiple of 8, halves up, at least 8", "[arch]") {
  const auto width = GENERATE(
      table<int, int>({{1, 8}, {8, 8}, {11, 8}, {12, 16}, {19, 16}, {20, 24}, {36, 40}, {72, 72}}));
  CAPTURE(std::get<0>(width));
  CHECK(round8(std::get<0>(width)) == std::get<1>(width));
}

TEST_CASE("squeeze widths round a quarter of the hidden width", "[arch]") {
  CHECK(round8(40, 4) == 8);
  CHECK(round8(47, 4) == 8);   // 11.75: rounding the quarter first would give 16
  CHECK(round8(48, 4) == 16);  // 12
}

}  // namespace
}  // namespace enas4d
