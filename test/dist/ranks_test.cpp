#include "dist/ranks.h"

#include <atomic>
#include <chrono>

#include "support/catch.h"
#include "support/ranks.h"

namespace enas4d {

namespace {

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("a sum over ranks has the same bits on each of them", "[dist]") {
  const int size = GENERATE(1, 2, 3, 4);
  const std::int64_t length = GENERATE(1, 5, 10007);
  CAPTURE(size, length);
  const auto all = torch::rand({size, length}) - 0.5;
  std::vector<torch::Tensor> sums(static_cast<std::size_t>(size));
  CHECK(run_as_threads(local_places(size), [&](Ranks& ranks) {
          auto own = all[ranks.rank()].clone();
          ranks.sum(own);
          sums[static_cast<std::size_t>(ranks.rank())] = own;
        }) == nothing_thrown(size));
  for (const auto& sum : sums) {
    CHECK(torch::equal(sum, sums[0]));
    CHECK(torch::allclose(sum, all.sum(0), 1e-5, 1e-6));
  }
}

TEST_CASE("numbers are summed and tensors and texts come from rank 0", "[dist]") {
  const int size = GENERATE(1, 3);
  CHECK(run_as_threads(local_places(size), [&](Ranks& ranks) {
          const auto sums = sum_over(ranks, {1e-300, static_cast<double>(ranks.rank())});
          if (sums != std::vector<double>{size * 1e-300, size * (size - 1) / 2.0}) {
            throw failed("wrong sum");
          }
          auto tensor = torch::full({4}, ranks.rank(), torch::kLong);
          ranks.broadcast(tensor);
          if (tensor.sum().item<int>() != 0) throw failed("wrong tensor");
          const std::string own = ranks.leads() ? std::string("first\0 text", 11) : "another";
          if (broadcast_text(ranks, own) != std::string("first\0 text", 11) ||
              !broadcast_text(ranks, ranks.leads() ? "" : "x").empty()) {
            throw failed("wrong text");
          }
        }) == nothing_thrown(size));
}

TEST_CASE("what fails on rank 0 fails on all with the same status", "[dist]") {
  const int size = GENERATE(1, 2);
  std::atomic<int> runs{0};
  const auto thrown = run_as_threads(local_places(size), [&](Ranks& ranks) {
    run_on_first(ranks, [&] { ++runs; });
    try {
      run_on_first(ranks, [&] { throw bad_input("file", "is broken"); });
    } catch (const Error& error) {
      if (error.status() == ExitStatus::kBadInput) throw;
    }
  });
  CHECK(runs == 1);
  CHECK(thrown == std::vector<std::string>(static_cast<std::size_t>(size), "file: is broken"));
}

TEST_CASE("what fails on one rank fails on all with the same status", "[dist]") {
  std::atomic<int> runs{0};
  const auto thrown = run_as_threads(local_places(3), [&](Ranks& ranks) {
    run_on_all(ranks, [&] { ++runs; });
    try {
      run_on_all(ranks, [&] {
        if (ranks.rank() == 1) throw Error(ExitStatus::kStopped, "told to stop");
      });
    } catch (const Error& error) {
      if (error.status() == ExitStatus::kStopped) throw;
    }
  });
  CHECK(runs == 3);
  const std::string others = "rank 1 was stopped";
  CHECK(thrown == std::vector<std::string>{others, "told to stop", others});
}

TEST_CASE("different texts are told to those that differ and to those that do not", "[dist]") {
  const auto thrown = run_as_threads(local_places(3), [&](Ranks& ranks) {
    const auto explain = [](const std::string& first) { return usage_error("not " + first); };
    require_same(ranks, "same", explain);
    require_same(ranks, ranks.rank() == 2 ? "b" : "a", explain);
  });
  const std::string others = "rank 2 was started with another configuration";
  CHECK(thrown == std::vector<std::string>{others, others, "not a"});
}

TEST_CASE("a rank that leaves is missed at once", "[dist]") {
  const int leaving = GENERATE(0, 1, 2);
  std::vector<std::string> thrown;
  const double seconds = seconds_of([&] {
    thrown = run_as_threads(local_places(3), [&](Ranks& ranks) {
      sum_over(ranks, {1});
      if (ranks.rank() != leaving) sum_over(ranks, {1});
    });
  });
  CHECK(seconds < 5);
  for (int r = 0; r < 3; ++r) {
    CHECK(thrown[static_cast<std::size_t>(r)] ==
          (r == leaving ? "" : "another rank ended or was lost"));
  }
}

TEST_CASE("a silent rank is missed after the timeout", "[dist]") {
  auto places = local_places(2);
  for (RankPlace& place : places) place.timeout = 3;
  std::atomic<bool> done{false};
  const auto thrown = run_as_threads(places, [&](Ranks& ranks) {
    sum_over(ranks, {1});
    if (ranks.rank() == 1) {
      while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      return;
    }
    double seconds = 0;
    try {
      seconds = seconds_of([&] { sum_over(ranks, {1}); });
    } catch (...) {
      done = true;
      throw;
    }
    throw failed(std::to_string(seconds));
  });
  CHECK(thrown == std::vector<std::string>{"another rank did not answer within 3 s", ""});
}

TEST_CASE("ranks that do not come are named by those that did", "[dist]") {
  auto places = local_places(3);
  for (RankPlace& place : places) place.timeout = 1;
  SECTION("one is late") {
    places.erase(places.begin() + 1);
    places.back().timeout = 10;  // rank 2 waits longer than rank 0, where they meet
    const auto thrown = run_as_threads(places, [](Ranks&) {});
    CHECK_THAT(thrown[0], Contains("rank 1 did not come to 127.0.0.1:"));
    CHECK(thrown[1] == "rank 0 gave up before all ranks had come");
  }
  SECTION("nobody listens") {
    places.erase(places.begin());
    for (const std::string& line : run_as_threads(places, [](Ranks&) {})) {
      CHECK_THAT(line, Contains("found no rank 0 at 127.0.0.1:"));
    }
  }
}

TEST_CASE("a rank that is told to stop does not wait for the others", "[dist]") {
  auto places = local_places(2);
  places.erase(places.begin() + GENERATE(0, 1));
  StopFlag stop;
  std::vector<std::string> thrown;
  const double seconds = seconds_of([&] {
    std::thread signal([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      stop.raise();
    });
    thrown = run_as_threads(
        places, [](Ranks&) {}, stop);
    signal.join();
  });
  CHECK(thrown == std::vector<std::string>{"stopped while it waited for the other ranks"});
  CHECK(seconds < 8);  // the other rank is waited for ten seconds
}

TEST_CASE("a taken port is told", "[dist]") {
  const auto places = local_places(2);
  const auto thrown = run_as_threads(places, [&](Ranks& ranks) {
    if (ranks.leads()) connect_ranks(places[0], StopFlag());
  });
  CHECK_THAT(thrown[0], Contains("cannot listen on port"));
}

}  // namespace enas4d
