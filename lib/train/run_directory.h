// The folder of one training run: lock, run.json (configuration in force), metrics.jsonl,
// checkpoint.safetensors, supernet.safetensors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "checkpoint/training_state.h"
#include "util/files.h"
#include "util/json.h"

namespace enas4d {

/// "/recipe/batch is 64 there, 128 here" for the first place in which two configurations differ;
/// the order of their keys does not count.
std::optional<std::string> first_difference(const Json& there, const Json& here);

class RunDirectory {
 public:
  /// Makes or locks the folder. Throws Error: failed if another process holds it, bad input if it
  /// belongs to another configuration (names the first difference).
  RunDirectory(const std::string& path, const Json& configuration);

  /// Writes run.json and gives the checkpoint to go on from, if there is one; where only the one
  /// before it is left, that. Throws Error (bad input) if it is broken or of another configuration,
  /// or if weights are there that a training from the first step would overwrite. Lines of
  /// metrics.jsonl that came after it are dropped: their steps run again.
  std::optional<TrainingState> resume();

  void append_metrics(const Json& line);

  std::string checkpoint_path() const { return path_ + "/checkpoint.safetensors"; }
  std::string supernet_path() const { return path_ + "/supernet.safetensors"; }

 private:
  void require_no_weights() const;
  void begin_after(std::int64_t step);
  void drop_metrics_after(std::int64_t step);
  std::string run_path() const { return path_ + "/run.json"; }
  std::string metrics_path() const { return path_ + "/metrics.jsonl"; }

  std::string path_;
  Json configuration_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<AppendFile> metrics_;
};

}  // namespace enas4d
