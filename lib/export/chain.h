// How a network is cut into graphs for other runtimes: one for all exits, or a chain with one link
// a stage, which a program runs only as far as the policy asks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "arch/plan.h"
#include "policy/exit_table.h"

namespace enas4d {

/// Ids of values and stages are int; vectors are indexed by them.
inline std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

/// Layers that run together, and the values that go in and come out.
struct Link {
  std::vector<std::size_t> layers;  ///< of the plan, in order of execution
  std::vector<int> takes;           ///< the image first, then what earlier links give
  std::vector<int> gives;           ///< the logits first, then what later links take
};

/// One link a stage. With a fixed exit a single one: all stages up to it, with its head only.
std::vector<Link> chain_of(const Plan& plan, const Policy& policy);

/// The same layers as one link, which takes the image and gives the logits of every exit.
Link all_exits_of(const Plan& plan, const Policy& policy);

/// "image", "logits1" of stage 1, else the name of the layer that makes the value.
std::vector<std::string> value_names(const Plan& plan);

struct ValueShape {
  int channels;
  int size;  ///< height = width
};
std::vector<ValueShape> value_shapes(const Plan& plan);

}  // namespace enas4d
