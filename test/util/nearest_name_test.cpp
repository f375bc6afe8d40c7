#include "support/catch.h"
#include "util/json.h"

namespace enas4d {
namespace {

const std::vector<std::string> kKnownNames = {"population", "kernel", "expand", "seed", "n"};

}  // namespace

TEST_CASE("a misspelt word finds the name that was meant", "[util][json]") {
  const auto [word, name] = GENERATE(table<std::string, std::string>({
      {"kernal", "kernel"},
      {"kerenl", "kernel"},
      {"poplation", "population"},
      {"populations", "population"},
      {"sede", "seed"},
      {"kernel", "kernel"},
  }));
  CAPTURE(word);
  CHECK(nearest_name(word, kKnownNames) == name);
}

TEST_CASE("a word that resembles no name finds none", "[util][json]") {
  const std::string word = GENERATE("", "m", "width", "sand", "colonel", "kern", "completion");
  CAPTURE(word);
  CHECK(nearest_name(word, kKnownNames) == std::nullopt);
}

TEST_CASE("of several names the nearest is taken, of equal ones the first", "[util][json]") {
  CHECK(nearest_name("stage3", {"stages", "stage1", "stage"}) == "stages");
  CHECK(nearest_name("threshold", {"thresholded", "thresholds"}) == "thresholds");
}

TEST_CASE("a word of any length may be compared", "[util][json]") {
  CHECK(nearest_name(std::string(10'000'000, 'x'), kKnownNames) == std::nullopt);
}

}  // namespace enas4d
