#include "policy/exit_table.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace enas4d {
namespace {

const std::vector<std::string>& confidence_words() {
  static const std::vector<std::string> words = {"max_softmax", "margin", "entropy"};
  return words;
}

std::vector<double> read_shares(const JsonValue& value) {
  std::vector<double> shares;
  for (const JsonValue& item : value.items()) shares.push_back(item.number(0, 1));
  return shares;
}

}  // namespace

const char* to_word(Confidence confidence) {
  return confidence_words()[static_cast<std::size_t>(confidence)].c_str();
}

Prediction predict(const float* logits, int classes) {
  assert(classes > 0);
  const float* const end = logits + classes;
  const float* const top = std::max_element(logits, end);  // the first, so the lower class

  // With d = logit - top: p = exp(d) / sum and H = ln(sum) - mean of d under p. Nothing overflows,
  // and no logarithm of a vanishing probability is taken.
  double sum = 0, sum_d = 0, second = 0;
  for (const float* logit = logits; logit != end; ++logit) {
    const double d = static_cast<double>(*logit) - static_cast<double>(*top);
    const double weight = std::exp(d);
    sum += weight;
    sum_d += weight * d;
    if (logit != top) second = std::max(second, weight);
  }
  const double entropy = std::log(sum) - sum_d / sum;
  const double certainty = classes > 1 ? 1 - entropy / std::log(classes) : 1;

  const auto share = [](double value) { return static_cast<float>(std::clamp(value, 0.0, 1.0)); };
  return {static_cast<int>(top - logits),
          {share(1 / sum), share((1 - second) / sum), share(certainty)}};
}

bool operator==(const ExitTable& a, const ExitTable& b) {
  const auto equal = [](const ExitTable::Exit& one, const ExitTable::Exit& other) {
    return one.predicted == other.predicted && one.confidence == other.confidence;
  };
  return a.classes == b.classes && a.labels == b.labels &&
         std::equal(a.exits.begin(), a.exits.end(), b.exits.begin(), b.exits.end(), equal);
}

bool operator==(const Policy& a, const Policy& b) {
  return a.confidence == b.confidence && a.thresholds == b.thresholds && a.exit == b.exit;
}

Policy read_policy_object(const JsonValue& value, int stages) {
  JsonObject object = value.object();
  Policy policy;
  if (const std::optional<JsonValue> exit = object.optional("exit")) {
    policy.exit = exit->small_whole(1, stages) - 1;
    if (object.optional("thresholds") || object.optional("confidence")) {
      throw value.error("must have an exit, or a confidence and thresholds, not both");
    }
  } else {
    policy.confidence =
        static_cast<Confidence>(object.required("confidence").word(confidence_words()));
    const JsonValue thresholds = object.required("thresholds");
    for (const JsonValue& item : thresholds.items()) {
      policy.thresholds.push_back(item.number(0, 2));
    }
    const int count = stages - 1;
    if (policy.thresholds.size() != static_cast<std::size_t>(count)) {
      throw thresholds.error(
          fmt::format("must have {} threshold{}, one for each stage but the last", count,
                      count == 1 ? "" : "s"));
    }
  }
  object.finish();
  return policy;
}

Json policy_object(const Policy& policy) {
  Json object = Json::object();
  if (policy.exit) {
    object["exit"] = *policy.exit + 1;
  } else {
    object["confidence"] = to_word(policy.confidence);
    object["thresholds"] = policy.thresholds;
  }
  return object;
}

bool leaves(const Policy& policy, int stage, float confidence) {
  // A threshold between two floats is a double: in float it could be one of them.
  return static_cast<double>(confidence) >= policy.thresholds[static_cast<std::size_t>(stage)];
}

const std::vector<std::int64_t>& costs_of(const Policy& policy, const ExitMacs& macs) {
  return policy.exit ? macs.alone : macs.cumulative;
}

int exit_of(const Policy& policy, const ExitTable& table, std::int64_t image) {
  if (policy.exit) return *policy.exit;
  const auto at = static_cast<std::size_t>(image);
  const int last = table.stages() - 1;
  for (int stage = 0; stage < last; ++stage) {
    if (leaves(policy, stage, table.confidences(stage, policy.confidence)[at])) return stage;
  }
  return last;
}

Outcome apply(const Policy& policy, const ExitTable& table, const ExitMacs& macs) {
  const auto stages = static_cast<std::size_t>(table.stages());
  assert(table.images() > 0);
  assert(policy.exit ? static_cast<std::size_t>(*policy.exit) < stages
                     : policy.thresholds.size() + 1 == stages);
  assert(macs.cumulative.size() == stages && macs.alone.size() == stages);

  // Whole numbers until the last division: fitting computes the very same figures.
  std::vector<std::int64_t> leaving(stages), correct_at(stages);
  std::int64_t correct = 0, cost = 0;
  const std::vector<std::int64_t>& costs = costs_of(policy, macs);
  for (std::int64_t image = 0; image < table.images(); ++image) {
    const int exit = exit_of(policy, table, image);
    ++leaving[static_cast<std::size_t>(exit)];
    cost += costs[static_cast<std::size_t>(exit)];
    correct += table.correct(exit, image);
    for (std::size_t s = 0; s < stages; ++s) {
      correct_at[s] += table.correct(static_cast<int>(s), image);
    }
  }

  const auto per_image = [&](std::int64_t count) {
    return static_cast<double>(count) / static_cast<double>(table.images());
  };
  Outcome outcome;
  outcome.images = table.images();
  outcome.accuracy = per_image(correct);
  outcome.average_macs = per_image(cost);
  for (std::size_t s = 0; s < stages; ++s) {
    outcome.exit_accuracy.push_back(per_image(correct_at[s]));
    outcome.exit_share.push_back(per_image(leaving[s]));
  }
  return outcome;
}

Outcome read_outcome(const JsonValue& value) {
  JsonObject object = value.object();
  Outcome outcome;
  outcome.images = object.required("images").whole(1, std::numeric_limits<std::int64_t>::max());
  outcome.accuracy = object.required("accuracy").number(0, 1);
  outcome.exit_accuracy = read_shares(object.required("exit_accuracy"));
  const JsonValue shares = object.required("exit_share");
  outcome.exit_share = read_shares(shares);
  if (outcome.exit_share.size() != outcome.exit_accuracy.size()) {
    throw shares.error(
        fmt::format("must have as many items as exit_accuracy, {}", outcome.exit_accuracy.size()));
  }
  outcome.average_macs =
      object.required("average_macs").number(0, std::numeric_limits<double>::max());
  object.finish();
  return outcome;
}

Json to_json(const Outcome& outcome) {
  Json object = Json::object();
  object["images"] = outcome.images;
  object["accuracy"] = outcome.accuracy;
  object["exit_accuracy"] = outcome.exit_accuracy;
  object["exit_share"] = outcome.exit_share;
  object["average_macs"] = outcome.average_macs;
  return object;
}

}  // namespace enas4d
