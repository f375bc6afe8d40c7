#include "util/rng.h"

#include <cassert>
#include <cmath>

namespace enas4d {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

/// SplitMix64's output function: a bijection that leaves no visible trace of its input.
std::uint64_t scrambled(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint64_t rotated_left(std::uint64_t x, int bits) {
  return (x << bits) | (x >> (64 - bits));
}

}  // namespace

Rng::Rng(std::uint64_t seed, std::initializer_list<std::uint64_t> counters) {
  // Scrambled between any two parts of the key, so that (1, {2}) and (2, {1}) have nothing in
  // common.
  std::uint64_t key = scrambled(seed + kGolden);
  for (const std::uint64_t counter : counters) key = scrambled(key + kGolden + counter);
  for (std::uint64_t& word : state_) word = scrambled(key += kGolden);
}

std::uint64_t Rng::next() {
  const std::uint64_t result = rotated_left(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotated_left(state_[3], 45);
  return result;
}

std::uint32_t Rng::below(std::uint32_t bound) {
  assert(bound > 0);
  // Lemire (2019): the high half of a product; the few low halves that would favour some results
  // are drawn again.
  std::uint64_t product = (next() >> 32) * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t unfair = (0U - bound) % bound;
    while (static_cast<std::uint32_t>(product) < unfair) product = (next() >> 32) * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

double Rng::uniform() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double Rng::normal() {
  constexpr double kTwoPi = 6.283185307179586;
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is never 0
  return radius * std::cos(kTwoPi * uniform());
}

}  // namespace enas4d
