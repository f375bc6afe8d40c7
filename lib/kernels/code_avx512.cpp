// The kernels for x86 processors with AVX-512.
namespace {

constexpr int kLanes = 16;      ///< floats of a vector
constexpr int kRegisters = 32;  ///< vectors that the processor holds

}  // namespace

#include "kernels/all_code.h"

namespace enas4d {

const KernelCode kAvx512Code = kAllCode;

}  // namespace enas4d
