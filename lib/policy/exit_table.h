// What every exit said about every sample: enough to score any policy without running the network
// again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/exit_macs.h"
#include "util/json.h"

namespace enas4d {

/// All in [0, 1], larger = surer.
enum class Confidence {
  kMaxSoftmax,  ///< largest probability
  kMargin,      ///< largest minus second largest
  kEntropy,     ///< 1 - H / ln(classes)
};
constexpr int kConfidences = 3;

const char* to_word(Confidence confidence);  ///< "max_softmax", "margin", "entropy"

/// Class and all three confidences of one row of logits.
struct Prediction {
  int label;
  std::array<float, kConfidences> confidence;
};

/// Softmax in double; ties go to the lower class.
Prediction predict(const float* logits, int classes);

struct ExitTable {
  struct Exit {
    std::vector<std::int32_t> predicted;                      ///< class per sample
    std::array<std::vector<float>, kConfidences> confidence;  ///< per measure and sample
  };
  int classes = 0;
  std::vector<std::int32_t> labels;  ///< true class per sample
  std::vector<Exit> exits;           ///< per stage

  int stages() const { return static_cast<int>(exits.size()); }
  std::int64_t images() const { return static_cast<std::int64_t>(labels.size()); }
  bool correct(int stage, std::int64_t image) const {
    const auto at = static_cast<std::size_t>(image);
    return exits[static_cast<std::size_t>(stage)].predicted[at] == labels[at];
  }
  /// Of every sample at this stage.
  const std::vector<float>& confidences(int stage, Confidence measure) const {
    return exits[static_cast<std::size_t>(stage)].confidence[static_cast<std::size_t>(measure)];
  }
};

bool operator==(const ExitTable& a, const ExitTable& b);

/// Confidence measure and one threshold per stage but the last, or a fixed exit.
/// A sample leaves at the first stage whose confidence >= its threshold; a threshold > 1 never
/// fires.
struct Policy {
  Confidence confidence = Confidence::kMaxSoftmax;
  std::vector<double> thresholds;
  /// Fixed exit, from 0 (documents count from 1): only this head runs and is counted.
  std::optional<int> exit;
};

bool operator==(const Policy& a, const Policy& b);

/// Reads / writes the policy object {"confidence", "thresholds"} or {"exit"} as records embed it.
/// Thresholds lie in [0, 2]: 0 = everybody leaves, 2 = nobody.
Policy read_policy_object(const JsonValue& value, int stages);
Json policy_object(const Policy& policy);

/// Whether a sample leaves at `stage`, which is not the last; not for a fixed exit.
bool leaves(const Policy& policy, int stage, float confidence);

/// What it costs to leave at each exit by this policy.
const std::vector<std::int64_t>& costs_of(const Policy& policy, const ExitMacs& macs);

/// The stage, from 0, at which `image` leaves.
int exit_of(const Policy& policy, const ExitTable& table, std::int64_t image);

/// What a policy does on a set of images. The object "val" / "test" of a record.
struct Outcome {
  std::int64_t images = 0;
  double accuracy = 0;                ///< share of images, in [0, 1]
  std::vector<double> exit_accuracy;  ///< of each exit over ALL images
  std::vector<double> exit_share;     ///< images that leave there
  double average_macs = 0;            ///< sum of share x cumulative cost
};

Outcome apply(const Policy& policy, const ExitTable& table, const ExitMacs& macs);

Outcome read_outcome(const JsonValue& value);
Json to_json(const Outcome& outcome);

}  // namespace enas4d
