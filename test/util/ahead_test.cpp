#include "util/ahead.h"

#include <algorithm>
#include <atomic>

#include "support/catch.h"
#include "util/error.h"

namespace enas4d {
namespace {

using AheadNumbers = Ahead<std::int64_t>;

TEST_CASE("items come in order, whatever the number of workers", "[util][ahead]") {
  const auto workers = GENERATE(1, 2, 3, 8);
  CAPTURE(workers);
  AheadNumbers squares([](std::int64_t i) { return i * i; }, {workers, 2}, 5);
  for (std::int64_t i = 5; i < 200; ++i) REQUIRE(squares.next() == i * i);
}

TEST_CASE("no more items are made than are to be kept ready", "[util][ahead]") {
  std::atomic<std::int64_t> most{0};
  std::int64_t given = 0;
  AheadNumbers numbers(
      [&](std::int64_t i) {
        most = std::max<std::int64_t>(most, i);
        return i;
      },
      {2, 4}, 0);
  for (; given < 50; ++given) {
    numbers.next();
    REQUIRE(most <= given + 4);
  }
}

TEST_CASE("what a worker throws is rethrown where the item is asked for", "[util][ahead]") {
  const auto fail_at_3 = [](std::int64_t i) {
    if (i == 3) throw failed("no third item");
    return i;
  };
  AheadNumbers numbers(fail_at_3, {2, 4}, 0);
  for (std::int64_t i = 0; i < 3; ++i) CHECK(numbers.next() == i);
  CHECK_THROWS_AS(numbers.next(), Error);
  CHECK_THROWS_AS(numbers.next(), Error);
}

}  // namespace
}  // namespace enas4d
