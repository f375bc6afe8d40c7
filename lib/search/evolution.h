// NSGA-II (Deb et al. 2002), with one change: a candidate is a spec, and competes with its whole
// accuracy / average-MACs curve. A spec's rank is the best rank of its curve's points in (error,
// average MACs); ties are broken by exclusive hypervolume.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/archive.h"
#include "search/predictor.h"
#include "search/strategy.h"
#include "util/rng.h"

namespace enas4d {

struct EvolutionOptions {
  int population = 0;            ///< specs kept from one generation to the next
  int children = 0;              ///< of a generation: the fewer, the more generations learn
  double mutation_rate = 0.1;    ///< chance that one choice is drawn again
  double crossover_share = 0.5;  ///< of the children; the others are mutants of one parent
  int screened = 32;             ///< draws of which the most promising becomes a child
};

/// Where population or children are 0: an eighth of the evaluations, 8 to 20, so that
/// short searches have generations, too; and half the population.
EvolutionOptions with_defaults(EvolutionOptions options, int evaluations);

class Evolution : public Strategy {
 public:
  /// All must outlive it; `options` as with_defaults() gives them.
  Evolution(const Ground& ground, const EvolutionOptions& options, const Archive& archive,
            std::uint64_t seed)
      : ground_(ground), options_(options), archive_(archive), seed_(seed) {}

  std::vector<Spec> next_generation(std::size_t most) override;
  void learn() override;

  /// The parents of the next generation, the best first.
  std::vector<Spec> best() const;

 private:
  /// A spec that competes, and how well it does: lower rank, then larger exclusive hypervolume.
  struct Contender {
    std::size_t candidate;
    std::vector<Point> curve;
    int rank = 0;
    double exclusive = 0;
  };

  void found(std::size_t most, Proposals& proposals) const;
  void breed(std::size_t most, Proposals& proposals) const;
  /// Children that are evaluated together, and how much the front's hypervolume may grow by them
  /// for a MAC; no children: -1.
  struct Litter {
    std::vector<Spec> specs;
    double worth = -1;
  };
  Litter litter(const Spec* shared, std::uint64_t number, std::size_t count,
                const CurvePredictor& predictor) const;
  std::vector<std::size_t> parents_of(const Spec* shared) const;
  double full_macs(const Spec& spec) const;
  Spec child(const std::vector<std::size_t>& parents, Rng& rng) const;
  const Spec& parent(const std::vector<std::size_t>& among, Rng& rng) const;
  std::vector<Contender> contenders() const;
  Contender contender(std::size_t candidate) const;
  void set_exclusive(std::vector<Contender>& all) const;
  static double volume(const std::vector<Contender>& all, int rank, const Contender* left_out);

  const Ground& ground_;
  const EvolutionOptions& options_;
  const Archive& archive_;
  std::uint64_t seed_;
  std::uint64_t generation_ = 0;
  std::size_t first_child_ = 0;       ///< candidate of the archive, in this generation
  std::vector<std::size_t> parents_;  ///< candidates of the archive, the best first
};

}  // namespace enas4d
