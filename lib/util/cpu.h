// What this process may use of the machine, and has used.
#pragma once

namespace enas4d {

/// CPUs in the affinity mask (what taskset, cgroups' cpusets and Slurm leave us), at least 1.
/// LibTorch counts physical cores instead, which is 1 on a virtual machine with two.
int usable_cpus();

/// The most memory that the process has had so far, in MiB (resident set).
double peak_memory_mib();

}  // namespace enas4d
