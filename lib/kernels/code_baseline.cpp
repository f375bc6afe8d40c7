// The kernels for any processor.
namespace {

constexpr int kLanes = 4;       ///< floats of a vector
constexpr int kRegisters = 16;  ///< vectors that the processor holds

}  // namespace

#include "kernels/all_code.h"

namespace enas4d {

const KernelCode kBaselineCode = kAllCode;

}  // namespace enas4d
