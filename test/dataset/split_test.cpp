#include "data/split.h"

#include <algorithm>
#include <set>

#include "support/catch.h"

namespace enas4d {
namespace {

std::vector<std::int64_t> count_by_class(const std::vector<std::int32_t>& positions,
                                         const std::vector<std::int32_t>& labels, int classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes));
  for (const std::int32_t position : positions) {
    ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(position)])];
  }
  return counts;
}

std::vector<std::int32_t> uneven_labels() {
  std::vector<std::int32_t> labels(100, 0);
  labels.resize(160, 1);
  labels.resize(200, 2);
  return labels;
}

TEST_CASE("val is 5,000 images, or a tenth of a set under 50,000", "[data][split]") {
  CHECK(held_out_count(1'281'167) == 5'000);
  CHECK(held_out_count(50'000) == 5'000);
  CHECK(held_out_count(49'999) == 4'999);
  CHECK(held_out_count(2'000) == 200);
  CHECK(held_out_count(2) == 1);
}

TEST_CASE("train and val are disjoint and together the whole set", "[data][split]") {
  const auto seed = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{99});
  CAPTURE(seed);
  const HeldOut parts = hold_out(uneven_labels(), 3, 20, seed);
  CHECK(parts.val.size() == 20);
  CHECK(std::is_sorted(parts.train.begin(), parts.train.end()));

  std::set<std::int32_t> all(parts.train.begin(), parts.train.end());
  all.insert(parts.val.begin(), parts.val.end());
  CHECK(parts.train.size() + parts.val.size() == 200);
  CHECK(all.size() == 200);
}

TEST_CASE("val holds each class in proportion to its size", "[data][split]") {
  const auto labels = uneven_labels();
  const auto quotas = [&](std::int64_t count) {
    return count_by_class(hold_out(labels, 3, count, 1).val, labels, 3);
  };
  CHECK(quotas(20) == std::vector<std::int64_t>{10, 6, 4});
  // 5.5, 3.3 and 2.2: the one that is left goes to the largest remainder.
  CHECK(quotas(11) == std::vector<std::int64_t>{6, 3, 2});
}

TEST_CASE("the split seed decides which images are held out", "[data][split]") {
  const auto labels = uneven_labels();
  CHECK(hold_out(labels, 3, 20, 1).val == hold_out(labels, 3, 20, 1).val);
  CHECK(hold_out(labels, 3, 20, 1).val != hold_out(labels, 3, 20, 2).val);
}

TEST_CASE("the calibration set is 2,000 different images of train", "[data][split]") {
  std::vector<std::int32_t> train;
  for (std::int32_t i = 0; i < 3'000; ++i) train.push_back(2 * i);
  const auto calibration = calibration_part(train, 1);
  const std::set<std::int32_t> different(calibration.begin(), calibration.end());
  CHECK(different.size() == 2'000);
  CHECK(std::includes(train.begin(), train.end(), different.begin(), different.end()));
  CHECK(calibration != calibration_part(train, 2));

  train.resize(30);
  CHECK(calibration_part(train, 1).size() == 30);
}

}  // namespace
}  // namespace enas4d
