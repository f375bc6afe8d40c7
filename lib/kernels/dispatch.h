// From an instruction set to its code.
#pragma once

#include <cassert>

#include "kernels/code.h"

namespace enas4d {

inline const KernelCode& code_of(InstructionSet set) {
#ifdef __x86_64__
  if (set == InstructionSet::kAvx512) return kAvx512Code;
  if (set == InstructionSet::kAvx2) return kAvx2Code;
#endif
  assert(set == InstructionSet::kBaseline);
  return kBaselineCode;
}

}  // namespace enas4d
