// What the figures of scripts/bench share: how they are printed, timed and set beside SGEMM.
#pragma once

#include <functional>
#include <string>

#include <torch/types.h>

#include "arch/space.h"
#include "util/json.h"

namespace enas4d {

constexpr int kBatch = 128;
constexpr double kSlowBlas = 60;  ///< GMAC/s below which no other figure means anything

/// One line of JSON.
void print_figure(const char* bench, const std::string& name, const Json& value, const char* unit);

/// To four digits.
double rounded(double value);

double best_seconds(int rounds, const std::function<void()>& run);

/// 1024 x 1024 x 1024, float32, best of 20.
double sgemm_gmacs();

std::string blas_kernel();

Space cifar10_space();

/// `count` images of the space's largest resolution, channels-last.
torch::Tensor random_batch(const Space& space, int count);

// The figures of training (train_figures.cpp).
int bench_train_largest();
int bench_train_sandwich();
int bench_train_reference();
int bench_train_operations();
int bench_train_sweep();
int bench_train_naive();

}  // namespace enas4d
