// First counters of the random streams of data: each purpose has its own, so that none repeats
// another's numbers.
#pragma once

#include <cstdint>

namespace enas4d {

// Their values decide splits and batches, so they never change.
constexpr std::uint64_t kSplitStream = 0xda7a01;
constexpr std::uint64_t kCalibrationStream = 0xda7a02;
constexpr std::uint64_t kEpochStream = 0xda7a03;
constexpr std::uint64_t kImageStream = 0xda7a04;
constexpr std::uint64_t kCutoutStream = 0xda7a41;
constexpr std::uint64_t kMixStream = 0xda7a42;

}  // namespace enas4d
