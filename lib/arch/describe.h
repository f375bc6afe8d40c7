// Spaces and networks as tables for people to read, without the last newline. Everything in them
// comes from the plan.
#pragma once

#include <string>

#include "arch/space.h"
#include "arch/spec.h"

namespace enas4d {

/// What may be chosen, how many specs that makes, and what the smallest and the largest cost.
std::string describe_space(const Space& space);

/// `spec` layer by layer: channels, sizes, MACs, parameters; then what each exit costs.
std::string describe_network(const Space& space, const Spec& spec);

}  // namespace enas4d
