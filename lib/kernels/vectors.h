// Vectors of the instruction set that this file is compiled for. Included by code_*.cpp alone,
// which define kLanes and kRegisters first; everything is local to the including file, so that no
// other code ever runs instructions that its processor lacks.
#pragma once

#include "arch/activation.h"

namespace enas4d {
namespace {

using Index = long;
using Count = unsigned long;

constexpr Count size(int count) {
  return static_cast<Count>(count);
}

template <int lanes>
struct VectorOf;
template <>
struct VectorOf<1> {
  using Type = float;
};
template <>
struct VectorOf<4> {
  typedef float Type __attribute__((vector_size(16)));
};
template <>
struct VectorOf<8> {
  typedef float Type __attribute__((vector_size(32)));
};
template <>
struct VectorOf<16> {
  typedef float Type __attribute__((vector_size(64)));
};

template <class V>
constexpr Count lanes_of() {
  return sizeof(V) / sizeof(float);
}

template <class V>
inline void load(const float* from, V& to) {
  __builtin_memcpy(&to, from, sizeof(V));
}
template <class V>
inline void store(const V& from, float* to) {
  __builtin_memcpy(to, &from, sizeof(V));
}

constexpr Index kLineFloats = 16;  ///< of a cache line

/// Asks for memory in its order before it is read or written in another, in which processors fetch
/// far less ahead by themselves.
inline void fetch(const float* from, Index count) {
  for (Index i = 0; i < count; i += kLineFloats) __builtin_prefetch(from + i, 0, 2);
}
inline void fetch_to_write(const float* to, Index count) {
  for (Index i = 0; i < count; i += kLineFloats) __builtin_prefetch(to + i, 1, 2);
}

// Comparisons below are such that what is not a number stays so.

/// 0 and 1 where x is outside [0, 1].
template <class V>
inline void clamp_to_unit(V& x) {
  const V zero = {};
  const V one = zero + 1.0F;
  x = x < zero ? zero : x;
  x = x > one ? one : x;
}

template <Activation activation, class V>
inline void apply(V& z) {
  const V zero = {};
  if constexpr (activation == Activation::kRelu) z = z < zero ? zero : z;
  if constexpr (activation == Activation::kHardSwish || activation == Activation::kHardSigmoid) {
    V gate = z * (1.0F / 6) + 0.5F;
    clamp_to_unit(gate);
    z = activation == Activation::kHardSwish ? z * gate : gate;
  }
}

/// g *= activation'(z), as LibTorch takes the corners.
template <Activation activation, class V>
inline void multiply_slope(const V& z, V& g) {
  const V zero = {};
  if constexpr (activation == Activation::kRelu) g = z <= zero ? zero : g;
  if constexpr (activation == Activation::kHardSwish) {
    const V inner = g * (z * (1.0F / 3) + 0.5F);
    const V upper = z > zero + 3.0F ? g : inner;
    g = z < zero - 3.0F ? zero : upper;
  }
  if constexpr (activation == Activation::kHardSigmoid) {
    const V lower = z <= zero - 3.0F ? zero : g * (1.0F / 6);
    g = z >= zero + 3.0F ? zero : lower;
  }
}

/// Calls `run` with the activation as a constant of its argument's type.
template <Activation value>
struct ActivationConstant {
  static constexpr Activation kValue = value;
};
template <class Run>
inline void with_activation(Activation activation, Run&& run) {
  switch (activation) {
    case Activation::kLinear:
      return run(ActivationConstant<Activation::kLinear>{});
    case Activation::kRelu:
      return run(ActivationConstant<Activation::kRelu>{});
    case Activation::kHardSwish:
      return run(ActivationConstant<Activation::kHardSwish>{});
    case Activation::kHardSigmoid:
      return run(ActivationConstant<Activation::kHardSigmoid>{});
  }
}

/// Neighbouring channels: `count` vectors of `lanes`.
template <int lanes, Count count>
struct Strip {
  using Vector = typename VectorOf<lanes>::Type;
  static constexpr Count kCount = count;
};

/// Calls `run(strip, channel)` for strips that cover the channels [first, last): as wide as
/// possible, then narrower ones.
template <Count widest, class Run>
inline void for_each_strip(Index first, Index last, Run&& run) {
  constexpr Index kWide = static_cast<Index>(widest) * kLanes;
  for (; first + kWide <= last; first += kWide) run(Strip<kLanes, widest>{}, first);
  for (; first + kLanes <= last; first += kLanes) run(Strip<kLanes, 1>{}, first);
  if constexpr (kLanes > 8)
    for (; first + 8 <= last; first += 8) run(Strip<8, 1>{}, first);
  if constexpr (kLanes > 4)
    for (; first + 4 <= last; first += 4) run(Strip<4, 1>{}, first);
  for (; first < last; ++first) run(Strip<1, 1>{}, first);
}

template <class V, Count count>
inline void load_strip(const float* from, V (&to)[count]) {
#pragma GCC unroll 4
  for (Count v = 0; v < count; ++v) load(from + v * lanes_of<V>(), to[v]);
}

}  // namespace
}  // namespace enas4d
