// Several processes that feed one search. Each runs the same search from the same journal folder
// and evaluates its part of each generation; a generation is a barrier. No collectives: what others
// found is read from their files.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "search/evaluator.h"
#include "search/journal.h"
#include "util/stop.h"

namespace enas4d {

/// The shard, from 1, that evaluates a spec, whoever asks. Specs that share a prefix are spread,
/// too: a stagewise generation shares one, and would keep one shard busy.
int shard_of(const Spec& spec, int shards);

class ShardedEvaluator : public Evaluator {
 public:
  /// Called while others are waited for, between looks at their files: sleeps, or counts in a test.
  using Pause = std::function<void()>;
  /// Told the shard, from 1, when its part begins to be evaluated here because no process runs as
  /// it.
  using TakenOver = std::function<void(int shard)>;

  /// Looks `patience` times for a shard that does not run before its part is taken over, from then
  /// on at once until it runs again. All must outlive it.
  ShardedEvaluator(Evaluator& own, Journal& journal, const StopFlag& stop, int patience,
                   Pause pause, TakenOver taken_over)
      : own_(own),
        journal_(journal),
        stop_(stop),
        patience_(patience),
        pause_(std::move(pause)),
        taken_over_(std::move(taken_over)),
        lost_(static_cast<std::size_t>(journal.shard().count) + 1) {}

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override;

 private:
  using Indices = std::vector<std::size_t>;

  bool evaluate_part(const std::vector<Spec>& specs, const Indices& part, const Done& done);
  bool await(int shard, const std::vector<Spec>& specs, Indices part, const Done& done);
  bool takes_over(int shard) const;

  Evaluator& own_;
  Journal& journal_;
  const StopFlag& stop_;
  int patience_;
  Pause pause_;
  TakenOver taken_over_;
  /// Of a shard, since it was seen running.
  struct Lost {
    int looks = 0;
    bool told = false;
  };
  std::vector<Lost> lost_;
};

}  // namespace enas4d
