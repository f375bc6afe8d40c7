// Our own operations have gradients, and these have none.
#pragma once

#include <torch/types.h>

namespace enas4d {

/// For a backward pass: throws c10::Error where its result shall be differentiated again, which
/// would silently be taken for a constant.
inline void require_first_derivative() {
  TORCH_CHECK(!at::GradMode::is_enabled(), "there is no second derivative of this operation");
}

}  // namespace enas4d
