// The kernels for x86 processors with AVX2 and FMA.
namespace {

constexpr int kLanes = 8;       ///< floats of a vector
constexpr int kRegisters = 16;  ///< vectors that the processor holds

}  // namespace

#include "kernels/all_code.h"

namespace enas4d {

const KernelCode kAvx2Code = kAllCode;

}  // namespace enas4d
