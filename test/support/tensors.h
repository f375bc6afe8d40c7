// Tensors in tests: a matcher that tells what differs, and images to feed networks with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <torch/types.h>

#include "support/catch.h"

namespace Catch {

/// Shape and range, not a page of numbers.
template <>
struct StringMaker<torch::Tensor> {
  static std::string convert(const torch::Tensor& tensor) {
    if (!tensor.defined()) return "undefined tensor";
    const std::string kind = fmt::format("{} tensor [{}]", tensor.dtype().name().data(),
                                         fmt::join(tensor.sizes(), " x "));
    if (tensor.numel() == 0) return kind;
    const torch::Tensor values = tensor.to(torch::kDouble);
    return fmt::format("{} from {} to {}, mean {}", kind, values.min().item<double>(),
                       values.max().item<double>(), values.mean().item<double>());
  }
};

}  // namespace Catch

namespace enas4d {

/// Catch2 version 2 has MatcherBase in the first of these, version 3 in the second.
namespace catch_names {
using namespace Catch;
using namespace Catch::Matchers;
}  // namespace catch_names

/// CHECK_THAT(actual, AllClose(expected)): same shape and type, no element further away than
/// `tolerance` times the largest expected magnitude (at least 1). What is not a number is never
/// close.
class AllClose : public catch_names::MatcherBase<torch::Tensor> {
 public:
  explicit AllClose(torch::Tensor expected, double tolerance = 1e-5)
      : expected_(std::move(expected)), tolerance_(tolerance) {}

  bool match(const torch::Tensor& actual) const override {
    const bool alike = actual.sizes() == expected_.sizes() && actual.dtype() == expected_.dtype();
    return alike && (actual.numel() == 0 || distance(actual) <= tolerance_);
  }

  std::string describe() const override {
    return fmt::format("is within {} of {}", tolerance_, Catch::Detail::stringify(expected_));
  }

 private:
  double distance(const torch::Tensor& actual) const {
    const torch::Tensor expected = expected_.to(torch::kDouble);
    const double difference = (actual.to(torch::kDouble) - expected).abs().max().item<double>();
    return difference / std::max(1.0, expected.abs().max().item<double>());
  }

  torch::Tensor expected_;
  double tolerance_;
};

/// Normally distributed, N x C x S x S, a pure function of the arguments.
inline torch::Tensor random_images(std::int64_t count, std::int64_t channels, std::int64_t size,
                                   std::uint64_t seed = 1) {
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn({count, channels, size, size}, generator);
}

}  // namespace enas4d
