// How a search proposes what to evaluate next. Strategies propose, the archive remembers, search()
// (search/search.h) lets them take turns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "arch/space.h"
#include "arch/spec.h"
#include "search/archive.h"
#include "util/rng.h"

namespace enas4d {

/// What specs a strategy may propose: those of `space`, or of them only what extends one of `beam`.
struct Ground {
  Space space;
  std::vector<Spec> beam;  ///< prefixes of one stage less; empty = the space is free
  std::function<bool(const Spec&)> allowed;  ///< by the user's limits
  std::vector<Spec> begin_with;              ///< what the user knows already, proposed first

  Spec draw(Rng& rng) const;
  bool extends_beam(const Spec& spec) const;
  /// `spec` with the stages of `kept`, and its resolution.
  static Spec with_prefix(const Spec& kept, Spec spec);
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  /// Distinct specs of the ground that the archive does not know: at most `most`. Empty when
  /// nothing new can be found. All its randomness comes from the seed and the generation's number.
  virtual std::vector<Spec> next_generation(std::size_t most) = 0;

  /// The generation is in the archive.
  virtual void learn() {}
};

/// One generation while it is being proposed.
class Proposals {
 public:
  Proposals(const Ground& ground, const Archive& archive) : ground_(ground), archive_(archive) {}

  /// Takes the spec if it is new and allowed.
  bool take(const Spec& spec);

  /// Takes one of what `draw(i)` gives for tries i = 0, 1, ...; false if none is left, as far as
  /// ten thousand tries tell.
  bool take_drawn(const std::function<Spec(int)>& draw);

  /// Up to `count` distinct ones that could be taken, of which none is; fewer where they are rare.
  std::vector<Spec> takeable(std::size_t count, const std::function<Spec(int)>& draw) const;
  static constexpr int kTries = 1000;

  std::size_t size() const { return specs_.size(); }
  std::vector<Spec> specs() && { return std::move(specs_); }

 private:
  bool can_take(const Spec& spec) const;

  const Ground& ground_;
  const Archive& archive_;
  std::vector<Spec> specs_;
};

/// Uniform draws: what the others are measured by.
class RandomDraws : public Strategy {
 public:
  RandomDraws(const Ground& ground, const Archive& archive, std::uint64_t seed)
      : ground_(ground), archive_(archive), seed_(seed) {}

  std::vector<Spec> next_generation(std::size_t most) override;

 private:
  const Ground& ground_;
  const Archive& archive_;
  std::uint64_t seed_;
  std::uint64_t generation_ = 0;
};

}  // namespace enas4d
