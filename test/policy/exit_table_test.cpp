#include "policy/exit_table.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "policy/random_tables.h"
#include "support/catch.h"
#include "util/error.h"

namespace enas4d {
namespace {

float confidence_in(const Prediction& prediction, Confidence measure) {
  return prediction.confidence[static_cast<std::size_t>(measure)];
}

Policy read_policy_text(const std::string& text, int stages) {
  return read_policy_object(JsonValue::parse(text, "p.json"), stages);
}

TEST_CASE("a prediction is the softmax worked out by hand", "[policy]") {
  const std::array<float, 3> logits = {0.0F, std::log(6.0F), std::log(3.0F)};  // 1 : 6 : 3
  const Prediction prediction = predict(logits.data(), 3);
  CHECK(prediction.label == 1);
  CHECK(confidence_in(prediction, Confidence::kMaxSoftmax) == Approx(0.6));
  CHECK(confidence_in(prediction, Confidence::kMargin) == Approx(0.3));
  const double entropy = -(0.1 * std::log(0.1) + 0.6 * std::log(0.6) + 0.3 * std::log(0.3));
  CHECK(confidence_in(prediction, Confidence::kEntropy) == Approx(1 - entropy / std::log(3.0)));
}

TEST_CASE("equal logits say the lower class with no confidence", "[policy]") {
  const std::array<float, 4> logits = {-7, 5, 5, 5};
  const Prediction prediction = predict(logits.data() + 1, 3);
  CHECK(prediction.label == 0);
  CHECK(confidence_in(prediction, Confidence::kMaxSoftmax) == Approx(1.0 / 3));
  CHECK(confidence_in(prediction, Confidence::kMargin) == 0);
  CHECK(confidence_in(prediction, Confidence::kEntropy) == Approx(0).margin(1e-7));
  CHECK(predict(logits.data(), 4).label == 1);
}

TEST_CASE("confidences stay in [0, 1] and finite for any finite logits", "[policy]") {
  const float huge = std::numeric_limits<float>::max();
  const std::vector<std::vector<float>> rows = {
      {huge, -huge, 0}, {-huge, -huge}, {1e-30F, 0, -1e30F}, {90, -90, 89}, {42}};
  for (const std::vector<float>& row : rows) {
    CAPTURE(row);
    const Prediction prediction = predict(row.data(), static_cast<int>(row.size()));
    for (const float confidence : prediction.confidence) {
      CHECK(confidence >= 0);
      CHECK(confidence <= 1);
    }
  }
  CHECK(predict(rows[0].data(), 3).confidence == std::array<float, 3>{1, 1, 1});
}

TEST_CASE("a policy survives its JSON object", "[policy]") {
  Policy policy;
  policy.confidence = Confidence::kMargin;
  policy.thresholds = {0.1 + 0.2, 2};
  CHECK(read_policy_text(policy_object(policy).dump(), 3) == policy);
  Policy fixed;
  fixed.exit = 1;
  CHECK(policy_object(fixed).dump() == R"({"exit":2})");
  CHECK(read_policy_text(policy_object(fixed).dump(), 2) == fixed);
}

TEST_CASE("a policy that does not fit the network is refused", "[policy]") {
  CHECK_THROWS_WITH(read_policy_text(R"({"confidence":"margin","thresholds":[0.5]})", 3),
                    Contains("p.json: /thresholds: must have 2 thresholds"));
  CHECK_THROWS_WITH(read_policy_text(R"({"confidence":"margin","thresholds":[-1]})", 2),
                    Contains("/thresholds/0"));
  CHECK_THROWS_WITH(read_policy_text(R"({"exit":3})", 2), Contains("p.json: /exit"));
  CHECK_THROWS_WITH(read_policy_text(R"({"exit":0})", 2), Contains("p.json: /exit"));
  CHECK_THROWS_WITH(read_policy_text(R"({"exit":1,"thresholds":[0.5]})", 2), Contains("not both"));
  CHECK_THROWS_WITH(read_policy_text(R"({"thresholds":[0.5]})", 2), Contains("confidence"));
}

TEST_CASE("threshold 0 lets everybody leave at once, above 1 nobody before the end", "[policy]") {
  Rng rng(GENERATE(1U, 2U, 3U));
  const ExitTable table = random_table({3, 20, 4}, rng);
  const ExitMacs macs = random_macs(3, rng);
  Policy policy;
  policy.thresholds = {0, 0.5};
  CHECK(apply(policy, table, macs).exit_share == std::vector<double>{1, 0, 0});
  CHECK(apply(policy, table, macs).average_macs == static_cast<double>(macs.cumulative[0]));
  policy.thresholds = {2, 2};
  const Outcome last = apply(policy, table, macs);
  CHECK(last.exit_share == std::vector<double>{0, 0, 1});
  CHECK(last.average_macs == static_cast<double>(macs.full()));
  CHECK(last.accuracy == last.exit_accuracy[2]);
}

TEST_CASE("a fixed exit costs its stages and its head alone", "[policy]") {
  Rng rng(4);
  const ExitTable table = random_table({3, 20, 4}, rng);
  const ExitMacs macs = random_macs(3, rng);
  for (int exit = 0; exit < 3; ++exit) {
    Policy policy;
    policy.exit = exit;
    const auto at = static_cast<std::size_t>(exit);
    const Outcome outcome = apply(policy, table, macs);
    CHECK(outcome.average_macs == static_cast<double>(macs.alone[at]));
    CHECK(outcome.accuracy == outcome.exit_accuracy[at]);
    CHECK(outcome.exit_share[at] == 1);
  }
}

TEST_CASE("an outcome is counted as by hand", "[policy]") {
  ExitTable table;
  table.classes = 2;
  table.labels = {0, 1, 1, 0};
  table.exits.resize(2);
  table.exits[0].predicted = {0, 1, 0, 1};
  table.exits[0].confidence[0] = {0.9F, 0.5F, 0.5F, 0.25F};
  table.exits[1].predicted = {0, 1, 1, 1};
  table.exits[1].confidence[0] = {1, 1, 1, 1};
  const ExitMacs macs = {{10, 30}, {10, 29}};
  Policy policy;
  policy.thresholds = {0.5};  // reached by equality
  const Outcome outcome = apply(policy, table, macs);
  CHECK(outcome.images == 4);
  CHECK(outcome.accuracy == 0.5);
  CHECK(outcome.exit_accuracy == std::vector<double>{0.5, 0.75});
  CHECK(outcome.exit_share == std::vector<double>{0.75, 0.25});
  CHECK(outcome.average_macs == 15);

  const Outcome read = read_outcome(JsonValue::parse(to_json(outcome).dump(), "o.json"));
  CHECK(to_json(read).dump() == to_json(outcome).dump());
  CHECK(to_json(outcome).dump() ==
        R"({"images":4,"accuracy":0.5,"exit_accuracy":[0.5,0.75],"exit_share":[0.75,0.25],)"
        R"("average_macs":15.0})");
}

TEST_CASE("an outcome with shares for other exits is refused", "[policy]") {
  const std::string text =
      R"({"images":4,"accuracy":0.5,"exit_accuracy":[0.5],"exit_share":[0.5,0.5],)"
      R"("average_macs":1})";
  CHECK_THROWS_WITH(read_outcome(JsonValue::parse(text, "o.json")),
                    Contains("o.json: /exit_share: must have as many items as exit_accuracy"));
}

}  // namespace
}  // namespace enas4d
