#include "arch/restriction.h"

#include <algorithm>

namespace enas4d {

namespace {

void keep_largest(Choices& choices, int count) {
  const auto size = static_cast<int>(choices.size());
  if (count > 0 && count < size) choices.erase(choices.begin(), choices.end() - count);
}

void keep_largest(std::vector<Choices>& stages, int count) {
  for (Choices& choices : stages) keep_largest(choices, count);
}

}  // namespace

Restriction wider(const Restriction& a, const Restriction& b) {
  const auto most = [](int x, int y) { return x == 0 || y == 0 ? 0 : std::max(x, y); };
  return {most(a.resolution, b.resolution), most(a.kernel, b.kernel), most(a.depth, b.depth),
          most(a.expand, b.expand), most(a.width, b.width)};
}

Space restricted(Space space, const Restriction& restriction) {
  keep_largest(space.resolution, restriction.resolution);
  keep_largest(space.stem.width, restriction.width);
  keep_largest(space.head.width, restriction.width);
  for (UnitSpace& unit : space.units) {
    keep_largest(unit.kernel, restriction.kernel);
    keep_largest(unit.depth, restriction.depth);
    keep_largest(unit.expand, restriction.expand);
    keep_largest(unit.width, restriction.width);
  }
  return space;
}

}  // namespace enas4d
