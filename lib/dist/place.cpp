#include "dist/place.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "util/error.h"
#include "util/hash.h"

namespace enas4d {

namespace {

constexpr int kMostPort = 65535;
constexpr int kAnyWhole = std::numeric_limits<int>::max();

struct Bounds {
  int least, most;
};

int whole_in(const std::string& text, const std::string& name, Bounds bounds) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stop != end || value < bounds.least || value > bounds.most) {
    throw usage_error(fmt::format("{}: must be a whole number from {} to {}, got '{}'", name,
                                  bounds.least, bounds.most, text));
  }
  return value;
}

/// Variables as whole numbers, with messages that name them.
class JobVariables {
 public:
  explicit JobVariables(const Variables& variable) : variable_(variable) {}

  bool has(const std::string& name) const { return variable_(name).has_value(); }
  std::string text(const std::string& name) const { return variable_(name).value_or(""); }
  std::optional<int> whole(const std::string& name, Bounds bounds) const {
    const auto value = variable_(name);
    return value ? std::optional(whole_in(*value, name, bounds)) : std::nullopt;
  }

  void set_rank_and_size(RankPlace& place, const std::string& rank, const std::string& size) const {
    place.size = *whole(size, {1, kAnyWhole});
    place.rank = *whole(rank, {0, place.size - 1});
  }

 private:
  const Variables& variable_;
};

/// A port below those that the system hands out, the same for all ranks of a job and mostly
/// different between jobs. `name` is what the launcher calls the job.
int port_of_job(const std::string& name) {
  constexpr int kFirst = 20000;
  constexpr unsigned long kPorts = 10000;
  constexpr int kHexadecimal = 16;
  const unsigned long number = std::stoul(sha256(name).substr(0, 8), nullptr, kHexadecimal);
  return kFirst + static_cast<int>(number % kPorts);
}

/// MASTER_ADDR and MASTER_PORT, which scripts may set beside any launcher.
bool take_master(const JobVariables& job, RankPlace& place) {
  if (const auto port = job.whole("MASTER_PORT", {1, kMostPort})) place.port = *port;
  if (!job.has("MASTER_ADDR")) return false;
  place.host = job.text("MASTER_ADDR");
  return true;
}

Error no_master(const std::string& launcher) {
  return usage_error(fmt::format(
      "{} does not tell where rank 0 is: set --master ADDRESS:PORT, or MASTER_ADDR", launcher));
}

RankPlace place_from_torchrun(const JobVariables& job) {
  RankPlace place;
  job.set_rank_and_size(place, "RANK", "WORLD_SIZE");
  place.local_size = job.whole("LOCAL_WORLD_SIZE", {1, place.size}).value_or(1);
  if (!take_master(job, place)) throw no_master("torchrun");
  // There torchrun's own agent listens, with a protocol of its own.
  if (job.text("TORCHELASTIC_USE_AGENT_STORE") == "True")
    place.port = place.port < kMostPort ? place.port + 1 : kMostPort - 1;
  return place;
}

RankPlace place_from_open_mpi(const JobVariables& job) {
  RankPlace place;
  job.set_rank_and_size(place, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
  place.local_size = job.whole("OMPI_COMM_WORLD_LOCAL_SIZE", {1, place.size}).value_or(1);
  for (const char* name : {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"}) {
    if (!job.has(name)) continue;
    place.port = port_of_job(job.text(name));
    break;
  }
  if (!take_master(job, place) && place.local_size < place.size) throw no_master("Open MPI");
  return place;
}

/// "4(x2),3" gives 4: tasks on the first node, and on most others.
int tasks_on_node(const std::string& tasks_per_node, int size) {
  const std::size_t end = tasks_per_node.find_first_not_of("0123456789");
  if (end == 0 || tasks_per_node.empty()) return 1;
  return whole_in(tasks_per_node.substr(0, end), "SLURM_STEP_TASKS_PER_NODE", {1, size});
}

RankPlace place_from_slurm(const JobVariables& job) {
  RankPlace place;
  job.set_rank_and_size(place, "SLURM_PROCID", "SLURM_NTASKS");
  place.local_size = tasks_on_node(job.text("SLURM_STEP_TASKS_PER_NODE"), place.size);
  if (const auto cpus = job.whole("SLURM_CPUS_PER_TASK", {1, kAnyWhole})) {
    place.cpus = *cpus;
  } else if (const auto node = job.whole("SLURM_CPUS_ON_NODE", {1, kAnyWhole})) {
    place.cpus = std::max(1, *node / place.local_size);
  }
  if (job.has("SLURM_JOB_ID")) {  // whose steps may run side by side
    place.port = port_of_job(job.text("SLURM_JOB_ID") + "." + job.text("SLURM_STEP_ID"));
  }
  if (take_master(job, place)) return place;
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"}) {
    if (!job.has(name)) continue;
    place.host = first_host(job.text(name));
    return place;
  }
  if (!job.has("SLURM_LAUNCH_NODE_IPADDR")) throw no_master("Slurm");
  place.host = job.text("SLURM_LAUNCH_NODE_IPADDR");
  return place;
}

/// The shell that a job begins with has the variables of its first task, but only what srun starts
/// there is a task of many. That of an interactive job is a step, too, with one of the numbers
/// below 2^32 that are kept for such purposes.
bool is_first_shell(const JobVariables& job) {
  constexpr std::int64_t kFirstKept = 4294967280;
  if (!job.has("SLURM_STEP_ID")) return job.text("ENVIRONMENT") == "BATCH";
  const std::string step = job.text("SLURM_STEP_ID");
  std::int64_t number = 0;
  std::from_chars(step.data(), step.data() + step.size(), number);
  return number >= kFirstKept;
}

}  // namespace

RankPlace place_from(const Variables& variable) {
  const JobVariables job(variable);
  const auto given = [&](const char* rank, const char* size) {
    return job.has(rank) && job.has(size) && job.text(size) != "1";
  };
  RankPlace place;
  if (given("RANK", "WORLD_SIZE")) {
    place = place_from_torchrun(job);
  } else if (given("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")) {
    place = place_from_open_mpi(job);
  } else if (given("SLURM_PROCID", "SLURM_NTASKS") && !is_first_shell(job)) {
    place = place_from_slurm(job);
  }
  place.interface = job.text("GLOO_SOCKET_IFNAME");
  return place;
}

void set_master(RankPlace& place, const std::string& text, const std::string& name) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    throw usage_error(fmt::format("{}: must be ADDRESS:PORT, got '{}'", name, text));
  }
  place.host = text.substr(0, colon);
  if (place.host.front() == '[' && place.host.back() == ']') {
    place.host = place.host.substr(1, place.host.size() - 2);
  }
  place.port = whole_in(text.substr(colon + 1), name + ": the port", {1, kMostPort});
}

std::string first_host(const std::string& node_list) {
  std::string host;
  std::size_t i = 0;
  while (i < node_list.size() && node_list[i] != ',') {
    if (node_list[i] != '[') {
      host += node_list[i++];
      continue;
    }
    const std::size_t end = node_list.find_first_of(",-]", i);
    host += node_list.substr(i + 1, end - i - 1);
    i = std::min(node_list.find(']', i), node_list.size() - 1) + 1;
  }
  return host;
}

int threads_for(const RankPlace& place, int usable) {
  if (place.cpus > 0) return std::min(place.cpus, usable);
  return std::max(1, usable / place.local_size);
}

}  // namespace enas4d
