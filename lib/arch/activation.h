// What follows a convolution. On its own because code for one instruction set may include nothing
// that has inline functions.
#pragma once

namespace enas4d {

enum class Activation { kLinear, kRelu, kHardSwish, kHardSigmoid };

}  // namespace enas4d
