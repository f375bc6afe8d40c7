// How good searches are on a real supernet of which every spec was evaluated.
#pragma once

#include <string>

namespace enas4d {

/// `journal`: the folder of a search that evaluated all `specs` specs of the space. Prints, for
/// each strategy, the mean shortfall and cost over ten seeds.
void print_search_quality(const std::string& space, const std::string& journal, int specs);

}  // namespace enas4d
