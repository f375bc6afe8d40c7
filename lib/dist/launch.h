// Several ranks on this machine from one command, for those who have no launcher.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace enas4d {

struct Launched {
  std::optional<int> rank;  ///< set in each launched process, which goes on from here
  int status = 0;           ///< set in the launcher, after all ranks have ended: what to end with
};

/// Forks `count` processes; call it before any thread is started. The launcher passes
/// stop_signals() (util/stop.h) on, tells `say` of ranks that a signal ended, and kills those that
/// have not ended by themselves when another has failed `patience` ago. Its status is the worst of
/// theirs. Ranks whose launcher dies get TERM. Throws Error (failed) if the system cannot start
/// more processes.
Launched launch_ranks(int count, std::chrono::seconds patience,
                      const std::function<void(const std::string& line)>& say);

/// A port of this machine that is free now.
int free_port();

}  // namespace enas4d
