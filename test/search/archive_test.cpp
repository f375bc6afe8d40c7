#include "search/archive.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "search/small_search.h"
#include "support/catch.h"
#include "util/error.h"

namespace enas4d {
namespace {

/// Says the same of every spec, from the last to the first.
class SameForAll : public Evaluator {
 public:
  explicit SameForAll(Evaluation evaluation) : evaluation_(std::move(evaluation)) {}

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override {
    for (std::size_t i = specs.size(); i > 0; --i) done(i - 1, evaluation_);
    return true;
  }

 private:
  Evaluation evaluation_;
};

TEST_CASE("of specs that do equally well the first proposed one is kept", "[search]") {
  const Space space = small_space();
  SameForAll evaluator(FakeEvaluator(space).evaluation_of(smallest(space)));
  Archive archive(space, CurveOptions{});
  const std::vector<Spec> specs = {largest(space), smallest(space)};
  REQUIRE(archive.evaluate(specs, evaluator, nullptr, [] {}));
  REQUIRE_FALSE(archive.front().empty());
  for (const FrontMember& member : archive.front()) CHECK(member.spec == specs[0]);
  std::vector<std::string> unmet;
  CHECK(archive.at_budgets({1e9}, unmet).front().spec == specs[0]);
  CHECK(unmet.empty());
}

TEST_CASE("an archive knows the specs that it was handed, and counts those evaluated", "[search]") {
  const Space space = small_space();
  FakeEvaluator evaluator(space);
  evaluator.most = 1;
  Archive archive(space, CurveOptions{});
  int known = 0;
  CHECK_FALSE(
      archive.evaluate({smallest(space), largest(space)}, evaluator, nullptr, [&] { ++known; }));
  CHECK(known == 1);
  CHECK(archive.evaluated() == 1);
  CHECK(archive.knows(largest(space)));
  CHECK(archive.candidates()[0]);
  CHECK_FALSE(archive.candidates()[1]);
  std::vector<std::string> unmet;
  CHECK(archive.at_budgets({1e9}, unmet).front().spec == smallest(space));
}

}  // namespace
}  // namespace enas4d
