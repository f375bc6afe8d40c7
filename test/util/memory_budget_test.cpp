#include "util/memory_budget.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace enas4d {

TEST_CASE("threads together never hold more than the budget", "[util][memory]") {
  MemoryBudget budget(100);
  std::atomic<int> held{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const int bytes = 20 + 7 * i;
        const MemoryBudget::Share share(budget, static_cast<std::uint64_t>(bytes));
        const int now = (held += bytes);
        int seen = most;
        while (seen < now && !most.compare_exchange_weak(seen, now)) continue;
        std::this_thread::yield();
        held -= bytes;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most <= 100);
}

TEST_CASE("who needs more than the budget gets it alone", "[util][memory]") {
  MemoryBudget budget(10);
  std::atomic<int> holders{0};
  std::atomic<bool> together{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const MemoryBudget::Share share(budget, 1000);
      if (++holders > 1) together = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      --holders;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(!together);
}

}  // namespace enas4d
