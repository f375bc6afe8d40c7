#include "train/precision.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

namespace enas4d {

namespace {

// LibTorch 2.4 gave these functions an argument for the device and deprecated the others.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool casts_on_cpu() {
  return at::autocast::is_autocast_enabled(at::kCPU);
}
void cast_on_cpu(bool enabled) {
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, enabled);
}
#else
bool casts_on_cpu() {
  return at::autocast::is_cpu_enabled();
}
void cast_on_cpu(bool enabled) {
  at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  at::autocast::set_cpu_enabled(enabled);
}
#endif

}  // namespace

PrecisionSection::PrecisionSection(Precision precision)
    : casts_(precision == Precision::kBfloat16), cast_before_(casts_ && casts_on_cpu()) {
  if (!casts_) return;
  at::autocast::increment_nesting();
  cast_on_cpu(true);
}

PrecisionSection::~PrecisionSection() {
  if (!casts_) return;
  cast_on_cpu(cast_before_);
  // The cache holds casts of weights that the next update changes.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

Exits in_float32(Exits exits) {
  for (torch::Tensor& logits : exits.logits) logits = logits.to(torch::kFloat);
  return exits;
}

}  // namespace enas4d
