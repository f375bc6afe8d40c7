// The documents under schemas/: examples say what they promise, shipped spaces are of the size that
// their users rely on.
#include <filesystem>
#include <string>

#include "arch/plan.h"
#include "arch/space.h"
#include "arch/spec.h"
#include "support/catch.h"
#include "support/examples.h"

namespace enas4d {
namespace {

Space shipped_space(const std::string& name) {
  return read_space(JsonValue::read_file(ENAS4D_SCHEMAS "/spaces/" + name + ".json"));
}

ExitMacs largest_macs(const Space& space) {
  return exit_macs(lower(space, largest(space)));
}
ExitMacs smallest_macs(const Space& space) {
  return exit_macs(lower(space, smallest(space)));
}

TEST_CASE("valid examples of spaces and specs are read", "[arch]") {
  check_valid_examples("space", read_space);
  check_valid_examples("spec", read_spec);
}

TEST_CASE("invalid examples of spaces and specs give their recorded message", "[arch]") {
  check_invalid_examples("space", read_space);
  check_invalid_examples("spec", read_spec);
}

TEST_CASE("a shipped space carries its file's name", "[arch]") {
  for (const std::string& path : shipped_documents("spaces")) {
    CAPTURE(path);
    CHECK(read_space(JsonValue::read_file(path)).name ==
          std::filesystem::path(path).stem().string());
  }
}

TEST_CASE("the CIFAR-10 space spans 2 to 25-30 M MACs", "[arch]") {
  const Space space = shipped_space("cifar10");
  CHECK(space.stages == 2);
  CHECK(smallest_macs(space).full() < 2'000'000);
  const ExitMacs most = largest_macs(space);
  CHECK(most.full() >= 25'000'000);
  CHECK(most.full() <= 30'000'000);
  const double first_share =
      static_cast<double>(most.cumulative[0]) / static_cast<double>(most.full());
  CHECK(first_share == Approx(0.425).margin(0.025));
}

TEST_CASE("the Fashion-MNIST space is small enough to train in minutes", "[arch]") {
  const Space space = shipped_space("fashion-mnist");
  CHECK(space.stages == 2);
  CHECK(smallest_macs(space).full() <= 500'000);
  CHECK(largest_macs(space).full() <= 5'000'000);
}

TEST_CASE("static rivals cost as much as what they are compared with", "[arch]") {
  const std::string name = GENERATE("cifar10", "cifar10-lean", "fashion-mnist");
  const Space rival = shipped_space(name + "-static");
  CHECK(rival.stages == 1);
  const auto theirs = static_cast<double>(largest_macs(rival).full());
  CHECK(theirs ==
        Approx(static_cast<double>(largest_macs(shipped_space(name)).full())).epsilon(0.01));
}

TEST_CASE("185 M average MACs lie well inside the ImageNet space", "[arch]") {
  const Space space = shipped_space("imagenet");
  CHECK(space.resolution.front() == 128);
  CHECK(space.resolution.back() == 224);
  const auto half_leave = [](const ExitMacs& macs) {
    return 0.5 * static_cast<double>(macs.cumulative[0] + macs.cumulative[1]);
  };
  CHECK(half_leave(smallest_macs(space)) < 185e6 / 2);
  CHECK(half_leave(largest_macs(space)) > 185e6 * 1.5);
}

}  // namespace
}  // namespace enas4d
