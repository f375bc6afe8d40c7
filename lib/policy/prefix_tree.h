// A segment tree over a row of cells, each with a count and a sum. It answers: of all prefixes that
// hold at least so many, which has the largest sum? Removal and question take O(log cells). It is
// what makes the S = 3 fit exact and fast (threshold_fitter.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace enas4d {

/// Of two prefixes of equal sum the one with the larger count is better: it costs less.
struct Prefix {
  std::int64_t sum = 0;
  std::int64_t count = 0;

  bool better_than(const Prefix& other) const {
    return sum != other.sum ? sum > other.sum : count > other.count;
  }
};

class PrefixTree {
 public:
  explicit PrefixTree(std::size_t cells) {
    while (leaves_ < cells) leaves_ *= 2;
    nodes_.resize(2 * leaves_);
  }

  /// Only before build().
  void put(std::size_t cell, int value) {
    Node& leaf = nodes_[leaves_ + cell];
    ++leaf.count;
    leaf.sum += value;
    leaf.best = {leaf.sum, leaf.count};
  }

  void build() {
    for (std::size_t i = leaves_ - 1; i > 0; --i) join(i);
  }

  void remove(std::size_t cell, int value) {
    std::size_t i = leaves_ + cell;
    Node& leaf = nodes_[i];
    --leaf.count;
    leaf.sum -= value;
    leaf.best = {leaf.sum, leaf.count};
    while (i /= 2) join(i);
  }

  /// The best prefix with at least `need` in it, the empty one included; there must be one.
  Prefix best(std::int64_t need) const {
    if (need <= 0) return best();
    Prefix before;  // all that lies left of node i
    Prefix result;
    bool found = false;
    const auto offer = [&](const Node& node) {
      const Prefix prefix = {before.sum + node.best.sum, before.count + node.best.count};
      if (!found || prefix.better_than(result)) result = prefix;
      found = true;
    };
    std::size_t i = 1;
    while (i < leaves_) {
      const Node& left = nodes_[2 * i];
      if (before.count + left.count < need) {
        before = {before.sum + left.sum, before.count + left.count};
        i = 2 * i + 1;
        continue;
      }
      // Whatever ends in the right child holds enough; what ends in the left one must be looked at.
      const Prefix here = before;
      before = {before.sum + left.sum, before.count + left.count};
      offer(nodes_[2 * i + 1]);
      before = here;
      i = 2 * i;
    }
    offer(nodes_[i]);
    return result;
  }

  /// The same without a least count.
  Prefix best() const {
    const Prefix empty;
    return empty.better_than(nodes_[1].best) ? empty : nodes_[1].best;
  }

  std::int64_t count() const { return nodes_[1].count; }

 private:
  struct Node {
    std::int64_t sum = 0;
    std::int64_t count = 0;
    Prefix best;  ///< of those that end in one of this node's cells, counted from its first
  };

  void join(std::size_t i) {
    const Node& left = nodes_[2 * i];
    const Node& right = nodes_[2 * i + 1];
    Node& node = nodes_[i];
    node.sum = left.sum + right.sum;
    node.count = left.count + right.count;
    const Prefix across = {left.sum + right.best.sum, left.count + right.best.count};
    node.best = left.best.better_than(across) ? left.best : across;
  }

  std::size_t leaves_ = 1;
  std::vector<Node> nodes_;  ///< children of i: 2i and 2i + 1; leaves from `leaves_` on
};

}  // namespace enas4d
