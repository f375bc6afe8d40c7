#include "arch/describe.h"

#include <algorithm>

#include "arch/plan.h"
#include "arch/sample.h"
#include "support/catch.h"
#include "support/random_space.h"
#include "support/spaces.h"
#include "util/units.h"

namespace enas4d {
namespace {

/// The last line of `text` that begins with two spaces and `start`.
std::string line_of(const std::string& text, const std::string& start) {
  const std::size_t begin = text.rfind("\n  " + start);
  REQUIRE(begin != std::string::npos);
  return text.substr(begin + 1, text.find('\n', begin + 1) - begin - 1);
}

}  // namespace

TEST_CASE("a described network has a line for each layer of its plan, and what each exit costs",
          "[arch]") {
  const auto seed = GENERATE(range<std::uint64_t>(0, 20));
  CAPTURE(seed);
  Rng rng(seed);
  const Space space = random_space(rng);
  const Spec spec = uniform(space, rng);
  const Plan plan = lower(space, spec);
  const std::string text = describe_network(space, spec);
  // A first line; a stage adds an empty line, its titles and its sum.
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  CHECK(lines == 1 + plan.layers.size() + 3 * static_cast<std::size_t>(plan.stages));
  for (int stage = 0; stage < plan.stages; ++stage) {
    const auto macs = exit_macs(plan).cumulative[static_cast<std::size_t>(stage)];
    CHECK_THAT(line_of(text, "up to exit " + std::to_string(stage + 1)),
               Contains(" " + format_count(macs) + " "));
  }
  CHECK_THAT(line_of(text, "up to exit " + std::to_string(plan.stages)),
             EndsWith(" " + format_count(parameters(plan))));
}

TEST_CASE("a described space says its choices, its size and what its ends cost", "[arch]") {
  const std::string text = describe_space(mobilenet_v3_space());
  CHECK_THAT(text, StartsWith("mobilenet_v3: "));
  CHECK_THAT(text, Contains(" x 10^19 networks of 1 stage, 1000 classes\n"));
  CHECK_THAT(text, Contains("3 channels, 128 160 192 224 pixels a side"));
  CHECK_THAT(text, Contains("\nChoices:\n"));
  CHECK_THAT(line_of(text, "unit 3"), Contains("2 3 4") && Contains(" 40 ") && Contains("3 5 7") &&
                                          Contains("3 4 6") && Contains("squeeze-excite"));
  CHECK_THAT(line_of(text, "MACs up to exit 1"), Contains(" 566M"));
}

TEST_CASE("a size just below a power of ten is told as that power", "[arch]") {
  const auto widths = [](int count) {
    Choices choices;
    for (int i = 1; i <= count; ++i) choices.push_back(4 * i);
    return for_stages(1, choices);
  };
  Space space = pencil_space(1);
  UnitSpace& unit = space.units[0];
  unit.depth = {{1}};
  unit.kernel = {{3}};
  unit.expand = {{2}};
  space.stem.width = widths(100);
  unit.width = widths(100);
  space.head.width = widths(997);
  CHECK_THAT(describe_space(space), StartsWith("pencil: 1.0 x 10^7 networks of 1 stage, "));
}

TEST_CASE("stages that differ are told apart", "[arch]") {
  Space space = pencil_space(2);
  space.head.width = {{8}, {4, 8}};
  CHECK_THAT(line_of(describe_space(space), "head"), Contains("8 | 4 8"));
}

}  // namespace enas4d
