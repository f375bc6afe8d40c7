// How many threads this process may use.
#pragma once

namespace enas4d {

/// CPUs in the affinity mask (what taskset, cgroups' cpusets and Slurm leave us), at least 1.
/// LibTorch counts physical cores instead, which is 1 on a virtual machine with two.
int usable_cpus();

}  // namespace enas4d
