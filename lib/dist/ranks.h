// The processes of one training job, its ranks, and what they do together. A process alone is one
// rank and needs no network; several speak through Gloo (dist/gloo_ranks.h), and NCCL would be one
// more class behind this seam.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <torch/types.h>

#include "util/error.h"

namespace enas4d {

/// Another rank died, or did not answer in time. No later call works.
class RankLost : public Error {
 public:
  explicit RankLost(const std::string& reason) : Error(ExitStatus::kFailed, reason) {}
};

/// All ranks make the same calls in the same order; each call throws RankLost.
class Ranks {
 public:
  virtual ~Ranks() = default;

  virtual int rank() const = 0;  ///< of this process, from 0
  virtual int size() const = 0;
  /// Whether this is the rank that reads and writes the run's files and speaks to its user.
  bool leads() const { return rank() == 0; }

  /// Replaces `values` (contiguous, float32 or float64, of one shape everywhere) by their sum over
  /// all ranks: the same bits on each.
  virtual void sum(torch::Tensor values) = 0;
  /// Replaces `values` (contiguous, of one shape and dtype everywhere) by those of rank 0.
  virtual void broadcast(torch::Tensor values) = 0;
};

/// A process without others.
class OneRank : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(torch::Tensor) override {}
  void broadcast(torch::Tensor) override {}
};

/// The sums over ranks of as many numbers everywhere.
std::vector<double> sum_over(Ranks& ranks, std::vector<double> numbers);

/// Rank 0's text, on every rank.
std::string broadcast_text(Ranks& ranks, const std::string& text);

/// Runs `action` on rank 0. An Error that it throws there is thrown on every rank, with the same
/// status, so that each can say why it ends.
void run_on_first(Ranks& ranks, const std::function<void()>& action);

/// Runs `action` on every rank. Where some rank's throws an Error, all throw: that rank its own,
/// the others one of the same status that names it.
void run_on_all(Ranks& ranks, const std::function<void()>& action);

/// Whether the text is the same everywhere. Where it differs from rank 0's, `explain` makes the
/// Error (from rank 0's text); the others, rank 0 too, get one of the same status that names the
/// ranks that differ.
void require_same(Ranks& ranks, const std::string& text,
                  const std::function<Error(const std::string& first)>& explain);

}  // namespace enas4d
