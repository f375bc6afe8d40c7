#include "kernels/instruction_set.h"

namespace enas4d {

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets = {InstructionSet::kBaseline};
#ifdef ENAS4D_X86_KERNELS
  if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) {
    sets.push_back(InstructionSet::kAvx2);
    if (__builtin_cpu_supports("avx512f")) sets.push_back(InstructionSet::kAvx512);
  }
#endif
  return sets;
}

InstructionSet best_instruction_set() {
  static const InstructionSet best = available_instruction_sets().back();
  return best;
}

}  // namespace enas4d
