// What every tool that runs networks does first: choose the device and the number of threads.
#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "cli/common_options.h"
#include "cli/tool.h"
#include "util/cpu.h"
#include "util/error.h"

namespace enas4d {

struct ComputeOptions {
  int threads = 0;
  Device device = Device::kCpu;
};

/// `threads`: what --threads says, if that is not of one process.
inline void declare_compute(ComputeOptions& options, OptionList& list,
                            const std::string& threads = "") {
  list.group("Computation");
  Option& option = add_threads(list, options.threads);
  if (!threads.empty()) option.help = threads;
  add_device(list, options.device);
}

/// `default_threads`: where the user says nothing.
inline void set_up_compute(const ComputeOptions& options, Console& console,
                           int default_threads = usable_cpus()) {
  if (options.device != Device::kCpu) {
    throw usage_error(fmt::format(
        "--device: cuda {}, only cpu is",
        at::hasCUDA() ? "is not supported by this version" : "is not there for this LibTorch"));
  }
  const int threads = options.threads > 0 ? options.threads : default_threads;
  at::set_num_threads(threads);
  console.detail(fmt::format("{} threads", threads));
}

}  // namespace enas4d
