#include "search/shards.h"

#include <string>
#include <utility>

namespace enas4d {

int shard_of(const Spec& spec, int shards) {
  const std::string digits = spec_hash(spec).substr(0, 8);
  return static_cast<int>(std::stoul(digits, nullptr, 16) % static_cast<unsigned long>(shards)) + 1;
}

bool ShardedEvaluator::evaluate(const std::vector<Spec>& specs, const Done& done) {
  const Shard& shard = journal_.shard();
  std::vector<Indices> parts(static_cast<std::size_t>(shard.count) + 1);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    parts[static_cast<std::size_t>(shard_of(specs[i], shard.count))].push_back(i);
  }
  if (!evaluate_part(specs, parts[static_cast<std::size_t>(shard.index)], done)) return false;
  for (int other = 1; other <= shard.count; ++other) {
    if (other == shard.index) continue;
    if (!await(other, specs, parts[static_cast<std::size_t>(other)], done)) return false;
  }
  return true;
}

bool ShardedEvaluator::evaluate_part(const std::vector<Spec>& specs, const Indices& part,
                                     const Done& done) {
  std::vector<Spec> own;
  for (const std::size_t index : part) own.push_back(specs[index]);
  return own.empty() || own_.evaluate(own, [&](std::size_t i, Evaluated evaluated) {
    done(part[i], std::move(evaluated));
  });
}

/// Passes on what the other shard finds as it finds it; what it leaves if it is not there any more
/// is evaluated here, or by the next shard that is.
bool ShardedEvaluator::await(int shard, const std::vector<Spec>& specs, Indices part,
                             const Done& done) {
  Lost& lost = lost_[static_cast<std::size_t>(shard)];
  while (true) {
    journal_.refresh();
    Indices missing;
    for (const std::size_t index : part) {
      auto found = journal_.find(specs[index]);
      found ? done(index, *std::move(found)) : missing.push_back(index);
    }
    part = std::move(missing);
    if (part.empty()) return true;
    if (stop_.raised()) return false;
    if (journal_.is_running(shard)) {
      lost = {};
    } else {
      ++lost.looks;
    }
    if (lost.looks >= patience_ && takes_over(shard)) {
      if (!std::exchange(lost.told, true)) taken_over_(shard);
      return evaluate_part(specs, part, done);
    }
    pause_();
  }
}

/// Of the shards after a lost one, the first that runs does its work.
bool ShardedEvaluator::takes_over(int shard) const {
  const Shard& own = journal_.shard();
  for (int next = shard % own.count + 1; next != own.index; next = next % own.count + 1) {
    if (journal_.is_running(next)) return false;
  }
  return true;
}

}  // namespace enas4d
