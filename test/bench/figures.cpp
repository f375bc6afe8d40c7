#include "bench/figures.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <dlfcn.h>
#include <iostream>

#include <fmt/format.h>
#include <torch/torch.h>

#include "cli/shipped.h"

namespace enas4d {

void print_figure(const char* bench, const std::string& name, const Json& value, const char* unit) {
  const Json line = {{"bench", bench}, {"name", name}, {"value", value}, {"unit", unit}};
  std::puts(line.dump().c_str());
}

double rounded(double value) {
  return std::stod(fmt::format("{:.4g}", value));
}

double best_seconds(int rounds, const std::function<void()>& run) {
  double best = INFINITY;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    run();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

double sgemm_gmacs() {
  const auto a = torch::randn({1024, 1024});
  const auto b = torch::randn({1024, 1024});
  return 1.073741824 / best_seconds(20, [&] { torch::mm(a, b); });
}

std::string blas_kernel() {
  using CoreName = char* (*)();
  const auto core_name = reinterpret_cast<CoreName>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return core_name != nullptr ? core_name() : "unknown";
}

Space cifar10_space() {
  return read_space(read_shipped({"spaces", "--space"}, "cifar10", std::cin));
}

torch::Tensor random_batch(const Space& space, int count) {
  torch::manual_seed(1);
  const int size = space.resolution.back();
  return torch::randn({count, space.channels, size, size})
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

}  // namespace enas4d
