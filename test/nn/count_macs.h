// Counts what LibTorch really computes: the oracle for the plan's MACs.
#pragma once

#include <cstdint>
#include <functional>

namespace enas4d {

/// Multiply-accumulates of all convolutions and matrix products that `run` calls, from the shapes
/// that LibTorch gets.
std::int64_t count_macs(const std::function<void()>& run);

}  // namespace enas4d
