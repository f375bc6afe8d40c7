// From an instruction set to its code.
#pragma once

#include <cassert>

#include "kernels/code.h"

namespace enas4d {

inline const KernelCode& code_of(InstructionSet set) {
#ifdef ENAS4D_X86_KERNELS
  if (set == InstructionSet::kAvx512) return kAvx512Code;
  if (set == InstructionSet::kAvx2) return kAvx2Code;
#endif
  assert(set == InstructionSet::kBaseline);
  static_cast<void>(set);
  return kBaselineCode;
}

}  // namespace enas4d
