// One static multi-stage network taken out of a supernet: its weights, its own batch-norm
// statistics, and execution stage by stage, so that a batch can shrink to the samples that go on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "arch/plan.h"
#include "nn/calibration.h"
#include "nn/dataflow.h"
#include "nn/exits.h"
#include "nn/named_tensors.h"
#include "nn/supernet.h"

namespace enas4d {

class Subnet {
 public:
  /// `weights`: names as arch/plan.h's layer_name says; what is missing or has another shape is an
  /// Error (bad input, at `place`). Norm statistics may be missing: then calibrate first.
  Subnet(Plan plan, NamedTensors weights, const std::string& place);

  const Plan& plan() const { return plan_; }
  const NamedTensors& weights() const { return weights_; }

  /// Sets the statistics of every norm from batches of calibration images: each batch is normalised
  /// by its own statistics, sums over batches are pooled exactly. `next` gives batches until it
  /// returns an undefined tensor. `pool`, where given, adds to the sums (one flat float64 tensor)
  /// those of other processes that saw other batches of the same calibration.
  void calibrate(const std::function<torch::Tensor()>& next,
                 const std::function<void(const torch::Tensor& sums)>& pool = {});

  /// Runs one stage of a calibration on `values`, those of one batch, and adds to `statistics`
  /// what its norms see.
  void calibrate_stage(int stage, Values& values, PooledStatistics& statistics) const;

  /// Sets the statistics of every norm: those of a calibration of some network with the same
  /// stages.
  void set_statistics(const NamedTensors& statistics);

  /// All exits of a batch, without early exit. Needs statistics. No gradients.
  Exits forward(const torch::Tensor& images) const;

  /// Only the logits of `exit` (from 0): heads of earlier exits are not computed. The fastest path
  /// through all stages when exit = stages - 1.
  torch::Tensor forward_fixed(const torch::Tensor& images, int exit) const;

  /// What each unit ends with, its stages' groups side by side, as means over space: N x C a unit.
  std::vector<torch::Tensor> unit_means(const torch::Tensor& images) const;

  enum class Head { kRun, kSkip };

  /// Stage-by-stage execution of one batch: what early exit really does. `subnet` must outlive it.
  class Run {
   public:
    Run(const Subnet& subnet, const torch::Tensor& images);
    /// Computes the next stage; its logits, N x classes, unless its head is skipped.
    torch::Tensor next_stage(Head head = Head::kRun);
    /// Keeps only the samples `rows` (int64, ascending) of every value that later stages need.
    void keep(const torch::Tensor& rows);
    /// The same run, to go on as `other`, whose stages so far are those of this subnet, and which
    /// must outlive it, too. What its later stages take over must have been retained.
    Run continued_as(const Subnet& other) const;

   private:
    const Subnet* subnet_;
    std::vector<torch::Tensor> values_;
    std::int64_t images_;  ///< that are still on their way
    int stage_ = 0;
  };

  /// Runs will retain what `other`, which shares the first `stages` stages, takes over from them.
  void retain_for(const Subnet& other, int stages);

 private:
  struct Prepared;  ///< weights with norms folded in, in the layout that runs fastest
  void prepare();

  Plan plan_;
  NamedTensors weights_;
  std::vector<std::size_t> last_use_;  ///< per value: the last layer that reads it
  std::shared_ptr<const Prepared> prepared_;
};

/// The weights that `plan` uses out of `supernet`, copied; without statistics.
Subnet extract(const Supernet& supernet, const Plan& plan);

}  // namespace enas4d
