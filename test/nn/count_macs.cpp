// Compiled on its own with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "nn/count_macs.h"

#include <memory>
#include <string>

#include <ATen/record_function.h>

namespace enas4d {
namespace {

std::int64_t counted_macs = 0;  // LibTorch's observers are plain functions

std::unique_ptr<at::ObserverContext> count_operation(const at::RecordFunction& function) {
  if (std::string(function.name()) == "aten::conv2d") {
    const auto inputs = function.inputs();
    const auto x = inputs[0].toTensor().sizes();
    const auto w = inputs[1].toTensor().sizes();
    const auto stride = inputs[3].toIntVector()[0];
    const auto padding = inputs[4].toIntVector()[0];
    const auto out = (x[2] + 2 * padding - w[2]) / stride + 1;
    counted_macs += x[0] * out * out * w[0] * w[1] * w[2] * w[3];
  } else if (std::string(function.name()) == "enas4d::pointwise") {
    const auto inputs = function.inputs();
    counted_macs += inputs[0].toTensor().numel() * inputs[1].toInt();
  } else if (std::string(function.name()) == "enas4d::depthwise") {
    const auto inputs = function.inputs();
    counted_macs += inputs[0].toTensor().numel() * inputs[1].toInt() * inputs[1].toInt();
  }
  return nullptr;
}

}  // namespace

std::int64_t count_macs(const std::function<void()>& run) {
  counted_macs = 0;
  const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(count_operation)
                                                     .needsInputs(true)
                                                     .scopes({at::RecordScope::FUNCTION}));
  run();
  at::removeCallback(handle);
  return counted_macs;
}

}  // namespace enas4d
