// What holds for every plan of every space: checked over random spaces of 1 to 4 stages.
#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "arch/plan.h"
#include "arch/sample.h"
#include "support/catch.h"
#include "support/random_space.h"

namespace enas4d {
namespace {

constexpr int kCases = 30;

struct PlanCase {
  Space space;
  Spec spec;
  Plan plan;
};

PlanCase random_plan_case(int seed) {
  Rng rng(static_cast<std::uint64_t>(seed));
  PlanCase result;
  result.space = random_space(rng);
  result.spec = uniform(result.space, rng);
  result.plan = lower(result.space, result.spec);
  return result;
}

std::vector<Input> inputs_of(const Layer& layer) {
  return {layer.inputs.begin(), layer.inputs.begin() + layer.input_count};
}

/// The layer that makes each value; the image has none.
std::vector<const Layer*> makers(const Plan& plan) {
  std::vector<const Layer*> result(static_cast<std::size_t>(plan.values), nullptr);
  for (const Layer& layer : plan.layers) result[static_cast<std::size_t>(layer.output)] = &layer;
  return result;
}

TEST_CASE("no layer of a stage reads what a later stage makes", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  const auto made_by = makers(c.plan);
  for (const Layer& layer : c.plan.layers) {
    std::vector<int> values;
    for (const Input& input : inputs_of(layer)) values.push_back(input.value);
    if (layer.addend != kNoValue) values.push_back(layer.addend);
    if (layer.gated != kNoValue) values.push_back(layer.gated);
    for (const int value : values) {
      CAPTURE(layer_name(layer), value);
      const Layer* maker = made_by[static_cast<std::size_t>(value)];
      if (value == 0) CHECK(layer.role == Role::kStem);
      if (value != 0) CHECK(maker->stage <= layer.stage);
    }
  }
}

TEST_CASE("a prefix of a spec is lowered to the first layers of the whole", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  const auto text = [](const Layer& layer) {
    std::string inputs;
    for (const Input& input : inputs_of(layer))
      inputs += fmt::format(" {}+{}x{}", input.value, input.offset, input.channels);
    return fmt::format("{}{} -> {} {} {} {}/{} {}/{} k{} s{} {}", layer_name(layer), inputs,
                       layer.output, layer.addend, layer.gated, layer.out_channels,
                       layer.full_out_channels, layer.in_channels, layer.full_in_channels,
                       layer.kernel, layer.stride, macs(layer));
  };
  for (int stages = 1; stages <= c.space.stages; ++stages) {
    const Plan first = lower(prefix(c.space, stages), prefix(c.spec, stages));
    REQUIRE(first.stages == stages);
    REQUIRE(first.layers.size() == static_cast<std::size_t>(first.stage_end.back()));
    CHECK(first.stage_end.back() == c.plan.stage_end[static_cast<std::size_t>(stages - 1)]);
    for (std::size_t l = 0; l < first.layers.size(); ++l) {
      CHECK(text(first.layers[l]) == text(c.plan.layers[l]));
    }
  }
}

TEST_CASE("every value is made once, and before it is read", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  std::set<int> made = {0};
  for (const Layer& layer : c.plan.layers) {
    CAPTURE(layer_name(layer));
    for (const Input& input : inputs_of(layer)) CHECK(made.count(input.value) == 1);
    if (layer.addend != kNoValue) CHECK(made.count(layer.addend) == 1);
    if (layer.gated != kNoValue) CHECK(made.count(layer.gated) == 1);
    CHECK(made.insert(layer.output).second);
  }
  CHECK(static_cast<int>(made.size()) == c.plan.values);
  CHECK(*made.rbegin() == c.plan.values - 1);
}

TEST_CASE("a layer reads values as wide and as large as they are made", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  const auto made_by = makers(c.plan);
  const auto spatial_size = [&](int value) {
    const Layer& maker = *made_by[static_cast<std::size_t>(value)];
    if (is_pooled(maker.role)) return 1;
    // A gate makes the gated group, which is as large as it was.
    if (maker.gated != kNoValue) return made_by[static_cast<std::size_t>(maker.gated)]->out_size;
    return maker.out_size;
  };
  for (const Layer& layer : c.plan.layers) {
    CAPTURE(layer_name(layer));
    int channels = 0;
    for (const Input& input : inputs_of(layer)) {
      channels += input.channels;
      if (input.value == 0) continue;
      CHECK(input.channels == made_by[static_cast<std::size_t>(input.value)]->out_channels);
      CHECK(layer.in_size == spatial_size(input.value));
    }
    CHECK(layer.in_channels == channels);
    if (layer.addend != kNoValue) {
      CHECK(layer.out_channels == made_by[static_cast<std::size_t>(layer.addend)]->out_channels);
      CHECK(layer.out_size == spatial_size(layer.addend));
    }
  }
}

TEST_CASE("what a layer uses lies inside its full weight, group beside group", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  for (const Layer& layer : c.plan.layers) {
    CAPTURE(layer_name(layer));
    int end = 0;
    for (const Input& input : inputs_of(layer)) {
      CHECK(input.offset >= end);
      end = input.offset + input.channels;
    }
    CHECK(end <= layer.full_in_channels);
    CHECK(layer.out_channels <= layer.full_out_channels);
    CHECK(layer.kernel <= layer.full_kernel);
  }
}

TEST_CASE("full weights and the columns of each stage are the same for every spec", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  const Plan full = full_plan(c.space);
  CHECK(full.resolution == c.space.resolution.front());
  std::map<std::string, const Layer*> weights;
  for (const Layer& layer : full.layers) weights[layer_name(layer)] = &layer;

  const auto made_by = makers(c.plan), full_made_by = makers(full);
  const auto stage_columns = [](const Layer& layer, const std::vector<const Layer*>& made) {
    std::map<int, int> columns;
    for (const Input& input : inputs_of(layer)) {
      if (input.value != 0)
        columns[made[static_cast<std::size_t>(input.value)]->stage] = input.offset;
    }
    return columns;
  };
  for (const Layer& layer : c.plan.layers) {
    CAPTURE(layer_name(layer));
    REQUIRE(weights.count(layer_name(layer)) == 1);
    const Layer& weight = *weights[layer_name(layer)];
    CHECK(layer.full_in_channels == weight.full_in_channels);
    CHECK(layer.full_out_channels == weight.full_out_channels);
    CHECK(layer.full_kernel == weight.full_kernel);
    const auto columns = stage_columns(weight, full_made_by);
    for (const auto& [stage, offset] : stage_columns(layer, made_by)) {
      CHECK(columns.at(stage) == offset);
    }
  }
  for (const Layer& layer : full.layers) {  // the full plan uses the full weights whole
    CAPTURE(layer_name(layer));
    CHECK(layer.in_channels == layer.full_in_channels);
    CHECK(layer.out_channels == layer.full_out_channels);
    CHECK(layer.kernel == layer.full_kernel);
  }
}

TEST_CASE("no spec costs less than the smallest or more than the largest", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  const ExitMacs least = exit_macs(lower(c.space, smallest(c.space)));
  const ExitMacs any = exit_macs(c.plan);
  const ExitMacs most = exit_macs(lower(c.space, largest(c.space)));
  for (std::size_t s = 0; s < any.cumulative.size(); ++s) {
    CHECK(least.cumulative[s] <= any.cumulative[s]);
    CHECK(any.cumulative[s] <= most.cumulative[s]);
    CHECK(least.alone[s] <= any.alone[s]);
    CHECK(any.alone[s] <= most.alone[s]);
    CHECK(any.alone[s] <= any.cumulative[s]);
  }
}

TEST_CASE("what a stage costs does not depend on the stages after it", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  Spec other = largest(c.space);
  other.resolution = c.spec.resolution;
  other.stages[0] = c.spec.stages[0];
  CHECK(exit_macs(lower(c.space, other)).cumulative[0] == exit_macs(c.plan).cumulative[0]);
}

TEST_CASE("layer names are unique, and stages end where they should", "[arch]") {
  const int seed = GENERATE(range(0, kCases));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  std::set<std::string> names;
  for (const Layer& layer : c.plan.layers) CHECK(names.insert(layer_name(layer)).second);
  REQUIRE(static_cast<int>(c.plan.stage_end.size()) == c.space.stages);
  int begin = 0;
  for (int stage = 0; stage < c.space.stages; ++stage) {
    const int end = c.plan.stage_end[static_cast<std::size_t>(stage)];
    REQUIRE(begin < end);
    for (int i = begin; i < end; ++i) {
      CHECK(c.plan.layers[static_cast<std::size_t>(i)].stage == stage);
    }
    CHECK(c.plan.layers[static_cast<std::size_t>(end - 1)].role == Role::kClassifier);
    begin = end;
  }
  CHECK(begin == static_cast<int>(c.plan.layers.size()));
}

/// All that two plans can differ in.
auto layer_fields(const Layer& l) {
  std::vector<std::array<int, 3>> inputs;
  for (const Input& input : inputs_of(l)) {
    inputs.push_back({input.value, input.channels, input.offset});
  }
  return std::tuple(layer_name(l), inputs, l.output, l.addend, l.gated, l.in_channels,
                    l.out_channels, l.kernel, l.stride, l.in_size, l.out_size, l.activation);
}

TEST_CASE("a plan whose memory is used again is as good as a fresh one", "[arch]") {
  const int seed = GENERATE(range(0, 20));
  CAPTURE(seed);
  const PlanCase c = random_plan_case(seed);
  Plan reused = random_plan_case(seed + 1).plan;
  lower(c.space, c.spec, reused);
  CHECK(reused.values == c.plan.values);
  CHECK(reused.stage_end == c.plan.stage_end);
  REQUIRE(reused.layers.size() == c.plan.layers.size());
  for (std::size_t i = 0; i < reused.layers.size(); ++i) {
    CHECK(layer_fields(reused.layers[i]) == layer_fields(c.plan.layers[i]));
  }
}

}  // namespace
}  // namespace enas4d
