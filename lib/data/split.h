// Which images of the training files are train, val and calibration: a pure function of labels and
// split seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace enas4d {

constexpr std::size_t kCalibrationImages = 2000;

/// Positions in the training files, ascending.
struct HeldOut {
  std::vector<std::int32_t> train, val;
};

/// 5,000, or 10 % of a set under 50,000 (at least 1).
std::int64_t held_out_count(std::int64_t images);

/// Takes `count` images for val, each class in proportion to its size (largest remainders first).
HeldOut hold_out(const std::vector<std::int32_t>& labels, int classes, std::int64_t count,
                 std::uint64_t split_seed);

/// The first kCalibrationImages (or all) of a permutation of `train`.
std::vector<std::int32_t> calibration_part(std::vector<std::int32_t> train,
                                           std::uint64_t split_seed);

}  // namespace enas4d
