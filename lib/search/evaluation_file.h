// One evaluation as a file: what a spec costs and its exit table. The journal keeps one for each
// spec. Little-endian, no padding, N images, S stages, C classes:
//
//   8 bytes   "enas4d-t"
//   u32       version, 1
//   u32       C
//   u32       S
//   u64       N
//   i64       parameters
//   i64[S]    cumulative MACs per exit
//   i64[S]    MACs of each exit alone
//   i32[N]    labels
//   S times:
//     i32[N]     class
//     3 x f32[N] max_softmax, margin, entropy
//   64 bytes  SHA-256 of all before, in hexadecimal digits
#pragma once

#include <string>

#include "search/evaluator.h"

namespace enas4d {

void write_evaluation(const std::string& path, const Evaluation& evaluation);

/// Throws Error (bad input) unless the file is exactly what write_evaluation makes.
Evaluation read_evaluation(const std::string& path);

}  // namespace enas4d
