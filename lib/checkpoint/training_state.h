// checkpoint.safetensors: all that resume needs. Weights under their names, momentum, averaged
// weights and a frozen teacher's under prefixed ones; step and configuration in the document.
// Random numbers need no state: they are functions of (seed, step).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/tensors.h"
#include "data/dataset.h"
#include "formats/safetensors.h"
#include "nn/subnet.h"
#include "nn/supernet.h"
#include "util/json.h"

namespace enas4d {

constexpr const char* kMomentumPrefix = "momentum.";
constexpr const char* kAveragePrefix = "average.";
constexpr const char* kTeacherPrefix = "teacher.";

struct TrainingState {
  Supernet supernet{nullptr};
  NamedTensors momentum;      ///< one per parameter
  NamedTensors average;       ///< EMA of the weights; empty = off
  Supernet teacher{nullptr};  ///< frozen since the first phase that learns from it; null = none yet
  std::int64_t step = 0;      ///< steps done
  double epoch_loss = 0;      ///< sum of the losses of the running epoch
  double epoch_seconds = 0;   ///< that its steps took
  DataDescription data;
  Json configuration;  ///< recipe, seed, ...: what must be equal for the run to go on
};

/// Written atomically; the previous file stays as "path.previous".
void save_training_state(const std::string& path, const TrainingState& state);

TrainingState load_training_state(const std::string& path);
TrainingState read_training_state(const SafetensorsFile& file);

/// Tensors that a supernet of `space` has in a file, and its parameters read from there.
std::vector<ExpectedTensor> expected_supernet(const Space& space, const std::string& prefix);
Supernet supernet_from(const SafetensorsFile& file, const Space& space, const std::string& prefix);

/// Throws Error (bad input) unless images and labels of `data` are what networks of `space` take
/// and give: whoever has read a weights file goes from one to the other by index.
void check_data_fits(const Space& space, const DataDescription& data, const std::string& path);

}  // namespace enas4d
