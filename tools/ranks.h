// What a tool that runs as one of several ranks does first: find its place in the job.
#pragma once

#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include <c10/util/Logging.h>
#include <fmt/format.h>

#include "cli/options.h"
#include "cli/tool.h"
#include "dist/launch.h"
#include "dist/place.h"
#include "util/error.h"

namespace enas4d {

struct RankOptions {
  int launch = 0;
  int rank = -1;
  int world_size = 0;
  std::string master;
  std::optional<double> timeout = RankPlace().timeout;
};

inline void declare_ranks(RankOptions& options, OptionList& list) {
  constexpr int kMostRanks = 65536;
  constexpr int kMostLocalRanks = 1024;
  list.group("Many processes");
  list.add(
      "--launch", options.launch,
      "run this many processes on this machine, which train together; 0 = one process, or what "
      "torchrun, Slurm or Open MPI say",
      WholeRange{0, kMostLocalRanks});
  list.add(
      "--world-size", options.world_size,
      "processes that train together, each started with a --rank of its own; 0 = as --launch or "
      "the launcher says",
      WholeRange{0, kMostRanks});
  list.add("--rank", options.rank, "number of this process, from 0; -1 = as the launcher says",
           WholeRange{-1, kMostRanks - 1});
  list.add("--master", options.master,
           "where rank 0 listens, an IPv6 address in brackets; required with --world-size above 1",
           TextFormat{"ADDRESS:PORT"});
  list.add("--timeout", options.timeout,
           "how long a process waits for the others before it gives the job up: seconds, or as "
           "10m, 1s to 168h",
           DurationFormat{});
}

/// The environment, for place_from().
inline std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

constexpr double kLeastTimeout = 1;
constexpr double kMostTimeout =
    7 * 24 * 3600;  // in milliseconds it still fits what c10d waits with

/// This process's place by flags, else by what its launcher says.
inline RankPlace place_of(const RankOptions& options, const Variables& variable) {
  if ((options.rank >= 0) != (options.world_size > 0)) {
    throw usage_error("--rank and --world-size: must be given together");
  }
  RankPlace place;
  if (options.launch > 0) {
    if (options.world_size > 0) throw usage_error("--launch: must not be given with --rank");
    place.size = place.local_size = options.launch;
  } else if (options.world_size > 0) {
    if (options.rank >= options.world_size) {
      throw usage_error(fmt::format("--rank: must be below --world-size, which is {}, got {}",
                                    options.world_size, options.rank));
    }
    place.rank = options.rank;
    place.size = options.world_size;
    place.interface = variable("GLOO_SOCKET_IFNAME").value_or("");
    if (place.size > 1 && options.master.empty()) throw usage_error("--master: is required");
  } else {
    place = place_from(variable);
  }
  if (!options.master.empty()) set_master(place, options.master, "--master");
  place.timeout = options.timeout.value_or(RankPlace().timeout);
  if (place.timeout < kLeastTimeout || place.timeout > kMostTimeout) {
    throw usage_error(fmt::format("--timeout: must be from 1s to 168h, got {} s", place.timeout));
  }
  return place;
}

/// What LibTorch itself logs of ranks that are lost or late, our one line says better. What the
/// user has set stays.
inline void quieten_libtorch() {
  setenv("TORCH_CPP_LOG_LEVEL", "FATAL", /*overwrite=*/0);
  c10::initLogging();
}

/// Runs `work` at this process's place; with --launch, in as many new processes. What one of
/// several ranks says of a failure begins with its number.
inline ExitStatus run_ranks(const RankOptions& options, RankPlace place, Session& session,
                            const std::function<ExitStatus(const RankPlace&)>& work) {
  if (options.launch > 1) {
    if (options.master.empty()) place.port = free_port();
    // For a rank to notice that another has failed: the rest of a step, on a busy machine.
    constexpr std::chrono::seconds kPatience{20};
    const Launched launched = launch_ranks(
        options.launch, kPatience, [&](const std::string& line) { session.console.error(line); });
    if (!launched.rank) return static_cast<ExitStatus>(launched.status);
    place.rank = *launched.rank;
  }
  if (place.size == 1) return work(place);
  try {
    return work(place);
  } catch (const Error& error) {
    throw Error(error.status(),
                fmt::format("rank {} of {}: {}", place.rank, place.size, error.what()));
  }
}

}  // namespace enas4d
