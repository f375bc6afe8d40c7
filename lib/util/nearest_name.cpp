#include <algorithm>

#include "util/json.h"

namespace enas4d {
namespace {

/// Optimal string alignment: insertions, deletions, replacements, swaps of neighbours.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(const std::string& word,
                                        const std::vector<std::string>& known) {
  // A third of the letters may be wrong, three at most: more is another word.
  std::size_t nearest = std::min<std::size_t>(3, (word.size() + 1) / 3) + 1;
  std::optional<std::string> found;
  for (const std::string& name : known) {
    const std::size_t lengths_apart =
        std::max(word.size(), name.size()) - std::min(word.size(), name.size());
    if (lengths_apart >= nearest) continue;  // also keeps the table small for a hostile word
    const std::size_t distance = edit_distance(word, name);
    if (distance >= nearest) continue;
    nearest = distance;
    found = name;
  }
  return found;
}

}  // namespace enas4d
