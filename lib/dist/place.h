// Where a process stands in its job, as torchrun, Open MPI and Slurm tell it.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace enas4d {

struct RankPlace {
  int rank = 0;
  int size = 1;
  std::string host = "127.0.0.1";  ///< of rank 0
  int port = 29500;                ///< where rank 0 listens; torchrun's default
  int local_size = 1;              ///< ranks on this machine
  int cpus = 0;           ///< that the launcher gave this rank; 0 = unknown: ranks share equally
  double timeout = 600;   ///< seconds that a rank waits for the others
  std::string interface;  ///< of the network, as eth0; empty = the one that faces rank 0
};

/// Looks a variable up: the environment, or a test's.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// The place that a launcher gave this process: torchrun's variables before Open MPI's before
/// Slurm's, and MASTER_ADDR and MASTER_PORT with each. A process that no launcher started, or the
/// only one of its job, is rank 0 of 1. Each job of Slurm or Open MPI has a port of its own. Throws
/// Error (usage) for variables that do not fit together.
RankPlace place_from(const Variables& variable);

/// Sets host and port from "ADDRESS:PORT", "[IPv6]:PORT" too. `name` opens the message. Throws
/// Error (usage).
void set_master(RankPlace& place, const std::string& text, const std::string& name);

/// The first host of a Slurm node list: "node[03-05,9],x" gives "node03".
std::string first_host(const std::string& node_list);

/// Threads of computation for this rank, at least 1, where the process may use `usable` CPUs.
int threads_for(const RankPlace& place, int usable);

}  // namespace enas4d
