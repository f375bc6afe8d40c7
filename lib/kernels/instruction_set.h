// Which machine code runs: the kernels are compiled several times, and the processor at hand
// decides.
#pragma once

#include <vector>

namespace enas4d {

enum class InstructionSet { kBaseline, kAvx2, kAvx512 };

/// What this processor and this build can run, slowest first. Never empty.
std::vector<InstructionSet> available_instruction_sets();

/// The last of them.
InstructionSet best_instruction_set();

}  // namespace enas4d
