// A small search with everything in one place.
#pragma once

#include "search/journal.h"
#include "search/search.h"
#include "search/small_search.h"
#include "util/stop.h"

namespace enas4d {

inline SearchOptions small_search_options() {
  SearchOptions options;
  options.evolution.population = 8;
  options.evaluations = 30;
  options.beam = 4;
  options.curve.points = 9;
  return options;
}

/// Has no journal unless there's a folder for it.
struct SearchRun {
  Space space = small_space();
  SearchOptions options = small_search_options();
  SearchGoals goals{{100000, 160000}, {0.4, 0.6}};
  FakeEvaluator evaluator{space};
  StopFlag stop;

  SearchResult operator()(Journal* journal = nullptr) {
    return search(space, evaluator, journal, options, goals, stop, nullptr);
  }
  double full() const {
    return static_cast<double>(exit_macs(lower(space, largest(space))).full());
  }
};

}  // namespace enas4d
