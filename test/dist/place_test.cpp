#include "dist/place.h"

#include <map>

#include "support/catch.h"
#include "util/error.h"

namespace enas4d {

namespace {

RankPlace place_in(const std::map<std::string, std::string>& environment) {
  return place_from([&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

}  // namespace

TEST_CASE("a process that no launcher started is alone", "[dist]") {
  CHECK(place_in({}).size == 1);
  CHECK(place_in({{"RANK", "3"}}).size == 1);  // a name that anybody may use
  CHECK(place_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}}).size == 1);
}

TEST_CASE("torchrun's variables give the place", "[dist]") {
  const RankPlace place = place_in({{"RANK", "3"},
                                    {"WORLD_SIZE", "4"},
                                    {"LOCAL_RANK", "1"},
                                    {"LOCAL_WORLD_SIZE", "2"},
                                    {"MASTER_ADDR", "10.0.0.1"},
                                    {"MASTER_PORT", "1234"},
                                    {"GLOO_SOCKET_IFNAME", "eth1"}});
  CHECK(place.rank == 3);
  CHECK(place.size == 4);
  CHECK(place.local_size == 2);
  CHECK(place.host == "10.0.0.1");
  CHECK(place.port == 1234);
  CHECK(place.interface == "eth1");
}

TEST_CASE("where torchrun's own agent listens, rank 0 takes the port beside it", "[dist]") {
  std::map<std::string, std::string> job = {{"RANK", "0"},
                                            {"WORLD_SIZE", "2"},
                                            {"MASTER_ADDR", "10.0.0.1"},
                                            {"MASTER_PORT", "29500"},
                                            {"TORCHELASTIC_USE_AGENT_STORE", "True"}};
  CHECK(place_in(job).port == 29501);
  job["MASTER_PORT"] = "65535";
  CHECK(place_in(job).port == 65534);
  job["TORCHELASTIC_USE_AGENT_STORE"] = "False";
  CHECK(place_in(job).port == 65535);
}

TEST_CASE("Slurm's variables give the place", "[dist]") {
  std::map<std::string, std::string> job = {{"SLURM_PROCID", "5"},
                                            {"SLURM_NTASKS", "8"},
                                            {"SLURM_JOB_ID", "123456"},
                                            {"SLURM_JOB_NODELIST", "node[03-05,9],other"},
                                            {"SLURM_STEP_TASKS_PER_NODE", "4(x2)"},
                                            {"SLURM_CPUS_ON_NODE", "32"}};
  const RankPlace place = place_in(job);
  CHECK(place.rank == 5);
  CHECK(place.size == 8);
  CHECK(place.host == "node03");
  CHECK(place.port >= 20000);
  CHECK(place.port < 30000);
  CHECK(place.cpus == 8);
  SECTION("the task's own CPUs come before a share of the node's") {
    job["SLURM_CPUS_PER_TASK"] = "6";
    CHECK(place_in(job).cpus == 6);
  }
  SECTION("the step's nodes come before the job's") {
    job["SLURM_STEP_NODELIST"] = "node07";
    CHECK(place_in(job).host == "node07");
  }
  SECTION("without a node list the launching node serves") {
    job.erase("SLURM_JOB_NODELIST");
    job["SLURM_LAUNCH_NODE_IPADDR"] = "10.1.1.1";
    CHECK(place_in(job).host == "10.1.1.1");
  }
  SECTION("jobs, and steps of a job, meet at ports of their own") {
    job["SLURM_STEP_ID"] = "0";
    const int first = place_in(job).port;
    job["SLURM_STEP_ID"] = "1";
    CHECK(place_in(job).port != first);
    job["SLURM_STEP_ID"] = "0";
    CHECK(place_in(job).port == first);
    job["SLURM_JOB_ID"] = "5000000000";
    CHECK(place_in(job).port != first);
    job["MASTER_PORT"] = "1234";
    CHECK(place_in(job).port == 1234);
  }
  SECTION("an interactive job's own shell is no task") {
    job["SLURM_STEP_ID"] = "4294967290";
    CHECK(place_in(job).size == 1);
  }
  SECTION("a batch script's own shell is no task") {
    job["ENVIRONMENT"] = "BATCH";
    CHECK(place_in(job).size == 1);
    job["SLURM_STEP_ID"] = "0";
    CHECK(place_in(job).size == 8);
  }
  SECTION("mpirun and torchrun inside a Slurm job win") {
    job["OMPI_COMM_WORLD_RANK"] = "1";
    job["OMPI_COMM_WORLD_SIZE"] = "2";
    job["OMPI_COMM_WORLD_LOCAL_SIZE"] = "2";
    CHECK(place_in(job).size == 2);
    job["RANK"] = "2";
    job["WORLD_SIZE"] = "3";
    job["MASTER_ADDR"] = "x";
    CHECK(place_in(job).size == 3);
  }
}

TEST_CASE(
    "Open MPI's ranks on one machine need no address, on several they do, and each job has a port",
    "[dist]") {
  std::map<std::string, std::string> job = {{"OMPI_COMM_WORLD_RANK", "1"},
                                            {"OMPI_COMM_WORLD_SIZE", "2"},
                                            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  CHECK(place_in(job).host == "127.0.0.1");
  job["OMPI_MCA_ess_base_jobid"] = "1234567";  // older ones
  const int port = place_in(job).port;
  job["PMIX_NAMESPACE"] = "prterun-host-1@1";
  CHECK(place_in(job).port != port);
  job["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  CHECK_THROWS_WITH(place_in(job), Contains("Open MPI does not tell where rank 0 is"));
  job["MASTER_ADDR"] = "host";
  CHECK(place_in(job).host == "host");
}

TEST_CASE("variables that do not fit are told by name", "[dist]") {
  CHECK_THROWS_WITH(place_in({{"RANK", "4"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "x"}}),
                    "RANK: must be a whole number from 0 to 3, got '4'");
  CHECK_THROWS_WITH(place_in({{"RANK", "0"}, {"WORLD_SIZE", "two"}, {"MASTER_ADDR", "x"}}),
                    Contains("WORLD_SIZE: must be a whole number"));
  CHECK_THROWS_WITH(place_in({{"RANK", "0"}, {"WORLD_SIZE", "2"}}), Contains("MASTER_ADDR"));
}

TEST_CASE("a master is an address and a port", "[dist]") {
  RankPlace place;
  set_master(place, "host:1", "--master");
  CHECK(place.host == "host");
  CHECK(place.port == 1);
  set_master(place, "[fe80::1]:65535", "--master");
  CHECK(place.host == "fe80::1");
  for (const char* text : {"host", ":1", "host:", "host:0", "host:65536", "host:1x"}) {
    CHECK_THROWS_WITH(set_master(place, text, "--master"), Contains("--master: "));
  }
}

TEST_CASE("the first host of a node list is what its first range begins with", "[dist]") {
  CHECK(first_host("alone") == "alone");
  CHECK(first_host("a1,b2") == "a1");
  CHECK(first_host("node[03-05,9],x") == "node03");
  CHECK(first_host("node[7]") == "node7");
  CHECK(first_host("rack[1-2]node[3,4]-ib,y") == "rack1node3-ib");
}

TEST_CASE("ranks on one machine share its CPUs", "[dist]") {
  RankPlace place;
  CHECK(threads_for(place, 8) == 8);
  place.local_size = 3;
  CHECK(threads_for(place, 8) == 2);
  CHECK(threads_for(place, 2) == 1);
  place.cpus = 4;  // the launcher has shared them already
  CHECK(threads_for(place, 8) == 4);
  CHECK(threads_for(place, 2) == 2);
}

}  // namespace enas4d
