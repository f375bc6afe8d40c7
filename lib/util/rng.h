// Random numbers that are a pure function of a key, the same on every machine and with every
// standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace enas4d {

/// A stream of random numbers named by a seed and any number of counters, e.g. Rng(seed, {epoch,
/// index}). Streams with different keys are independent. Generator: xoshiro256** (Blackman and
/// Vigna 2018), its state filled by SplitMix64 over the key.
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::initializer_list<std::uint64_t> counters = {});

  std::uint64_t next();

  /// Uniform in [0, bound), without bias. `bound` > 0.
  std::uint32_t below(std::uint32_t bound);

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform();

  bool chance(double probability) { return uniform() < probability; }

  /// Standard normal (Box-Muller; two uniforms a call).
  double normal();

  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[below(static_cast<std::uint32_t>(items.size()))];
  }

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
    }
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace enas4d
