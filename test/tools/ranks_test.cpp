#include "tools/ranks.h"

#include "support/catch.h"

namespace enas4d {
namespace {

std::optional<std::string> no_variable(const std::string& /*name*/) {
  return std::nullopt;
}

/// torchrun's, for rank 1 of 2.
std::optional<std::string> some_variable(const std::string& name) {
  if (name == "RANK") return "1";
  if (name == "WORLD_SIZE") return "2";
  if (name == "MASTER_ADDR") return "host";
  return std::nullopt;
}

}  // namespace

TEST_CASE("a launcher's variables give a process its place, flags overrule them", "[tools]") {
  RankOptions options;
  CHECK(place_of(options, no_variable).size == 1);
  CHECK(place_of(options, some_variable).rank == 1);
  options.master = "other:7";
  CHECK(place_of(options, some_variable).host == "other");
  options.rank = 2;
  options.world_size = 3;
  options.timeout = 5;
  const RankPlace place = place_of(options, some_variable);
  CHECK(place.rank == 2);
  CHECK(place.size == 3);
  CHECK(place.port == 7);
  CHECK(place.timeout == 5);
}

TEST_CASE("launched ranks share this machine, whatever the environment says", "[tools]") {
  RankOptions options;
  options.launch = 4;
  const RankPlace place = place_of(options, some_variable);
  CHECK(place.size == 4);
  CHECK(place.local_size == 4);
  CHECK(place.host == "127.0.0.1");
}

TEST_CASE("flags of ranks that do not fit together are told", "[tools]") {
  const auto message_of = [](const RankOptions& options) {
    try {
      place_of(options, no_variable);
    } catch (const Error& error) {
      CHECK(error.status() == ExitStatus::kUsage);
      return std::string(error.what());
    }
    return std::string();
  };
  RankOptions options;
  options.rank = 1;
  CHECK_THAT(message_of(options), Contains("--rank and --world-size"));
  options.world_size = 1;
  CHECK_THAT(message_of(options), Contains("must be below --world-size"));
  options.world_size = 2;
  CHECK_THAT(message_of(options), Contains("--master: is required"));
  options.launch = 2;
  CHECK_THAT(message_of(options), Contains("--launch: "));
  options = {};
  options.timeout = 0;
  CHECK_THAT(message_of(options), Contains("--timeout: must be from 1s"));
}

}  // namespace enas4d
