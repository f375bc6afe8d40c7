// Ranks as threads of this process, connected through real sockets.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "dist/gloo_ranks.h"
#include "dist/launch.h"

namespace enas4d {

/// Places of `size` ranks on this machine that wait ten seconds for each other.
inline std::vector<RankPlace> local_places(int size) {
  RankPlace place;
  place.size = place.local_size = size;
  place.port = free_port();
  place.timeout = 10;
  std::vector<RankPlace> places;
  for (place.rank = 0; place.rank < size; ++place.rank) places.push_back(place);
  return places;
}

/// Connects a rank for each place and runs `work` on it. What each threw, empty for nothing.
inline std::vector<std::string> run_as_threads(const std::vector<RankPlace>& places,
                                               const std::function<void(Ranks&)>& work,
                                               const StopFlag& stop = {}) {
  std::vector<std::string> thrown(places.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < places.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        work(*connect_ranks(places[i], stop));
      } catch (const std::exception& error) {
        thrown[i] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return thrown;
}

/// What run_as_threads() gives if all went well.
inline std::vector<std::string> nothing_thrown(int size) {
  return std::vector<std::string>(static_cast<std::size_t>(size));
}

}  // namespace enas4d
