// Early exit as it really runs: a batch shrinks, stage after stage, to the images that go on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "data/dataset.h"
#include "nn/subnet.h"
#include "policy/exit_table.h"
#include "util/error.h"

namespace enas4d {

/// A network answers with what is no number.
class NotFinite : public Error {
 public:
  explicit NotFinite(const std::string& reason) : Error(ExitStatus::kFailed, reason) {}
};

/// What exit `stage` says of the rows of `logits`, N x classes. Throws NotFinite.
std::vector<Prediction> predict_rows(const torch::Tensor& logits, int stage);

/// What each image got.
struct EarlyExitRun {
  std::vector<std::int32_t> exit;       ///< per image, from 0
  std::vector<std::int32_t> predicted;  ///< per image
  std::vector<float> confidence;        ///< per image: the policy's measure, at its exit

  explicit EarlyExitRun(std::size_t images) : exit(images), predicted(images), confidence(images) {}
};

/// A batch on its way through the stages of a network, whatever computes them.
class StagedBatch {
 public:
  virtual ~StagedBatch() = default;
  /// Computes the next stage, with a fixed exit all of them: its logits, N x classes.
  virtual torch::Tensor next_stage() = 0;
  /// Keeps only the samples `rows` (int64, ascending).
  virtual void keep(const torch::Tensor& rows) = 0;
};

/// Runs the `count` images of `batch` through up to `stages` stages and notes from `first` on what
/// they got.
void exit_early(StagedBatch& batch, const Policy& policy, int stages, std::size_t first,
                std::size_t count, EarlyExitRun& result);

/// The logits, N x classes, of every exit that the policy knows on all `images`: of a fixed exit
/// only its own.
std::vector<torch::Tensor> exit_logits(const Subnet& subnet, const Policy& policy,
                                       const torch::Tensor& images);

/// Runs one batch. Policies with a fixed exit run up to it, with its head only.
EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy,
                            const torch::Tensor& images);

/// Runs a whole split in batches of `batch`.
EarlyExitRun run_early_exit(const Subnet& subnet, const Policy& policy, const Dataset& data,
                            Split split, int batch);

/// What a run gave, against the true classes. `exit_accuracy` stays empty: an image meets only the
/// exits on its way.
Outcome outcome_of(const EarlyExitRun& run, const Policy& policy,
                   const std::vector<std::int32_t>& labels, const ExitMacs& macs);

/// MACs an image, on average.
double average_macs(const EarlyExitRun& run, const Policy& policy, const ExitMacs& macs);

}  // namespace enas4d
