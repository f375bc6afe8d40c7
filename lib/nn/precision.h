// What the dense convolutions of training compute in.
#pragma once

namespace enas4d {

/// Weights, norms, depthwise convolutions, heads, losses and updates are float32 in either case.
enum class Precision {
  kFloat32,
  kBfloat16,  ///< stem, expand, project and final convolutions read and make bfloat16: LibTorch's
};

}  // namespace enas4d
