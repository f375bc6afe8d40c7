// Forward passes in bfloat16 where the recipe asks for it.
#pragma once

#include "nn/exits.h"
#include "train/recipe.h"

namespace enas4d {

/// While it lives, this thread's convolutions compute in `precision`: LibTorch's autocast, which
/// casts what they read and leaves the weights themselves in float32. What runs in kernels of our
/// own stays float32.
class PrecisionSection {
 public:
  explicit PrecisionSection(Precision precision);
  ~PrecisionSection();
  PrecisionSection(const PrecisionSection&) = delete;
  PrecisionSection& operator=(const PrecisionSection&) = delete;

 private:
  const bool casts_;
  const bool cast_before_;
};

/// Logits for losses, which are always computed in float32.
Exits in_float32(Exits exits);

}  // namespace enas4d
