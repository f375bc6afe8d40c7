// One choice from a space: an architecture as a plain comparable value. Nothing here knows weights.
#pragma once

#include <string>
#include <vector>

#include "arch/space.h"

namespace enas4d {

struct Block {
  int kernel;
  int expand;
};

struct UnitSpec {
  int width;
  std::vector<Block> blocks;  ///< exactly those that run: its length is the depth
};

struct StageSpec {
  int stem;  ///< width of this stage's stem group
  std::vector<UnitSpec> units;
  int head;  ///< width of this stage's group of the final convolution
};

struct Spec {
  int resolution;
  std::vector<StageSpec> stages;
};

bool operator==(const Block& a, const Block& b);
bool operator==(const UnitSpec& a, const UnitSpec& b);
bool operator==(const StageSpec& a, const StageSpec& b);
bool operator==(const Spec& a, const Spec& b);
inline bool operator!=(const Spec& a, const Spec& b) {
  return !(a == b);
}

/// The object {"resolution", "stages"} alone, as records embed it.
Spec read_spec_object(JsonObject& object);
Json spec_object(const Spec& spec);

/// A document of kind `spec`: the same object with format and version.
Spec read_spec(const JsonValue& document);
Json to_json(const Spec& spec);

/// Appends spec_object(spec) as compact JSON text: the fast path of the sampler, equal to
/// spec_object(spec).dump().
void append_json(std::string& out, const Spec& spec);

/// SHA-256 of the compact JSON. Equal networks have equal hashes.
std::string spec_hash(const Spec& spec);

/// Throws Error (bad input) "`source`: /stages/1/units/0/width: must be 8 or 12, got 10" unless
/// `spec` lies in `space`. `pointer`: where in its document it stands, if it is not all of it.
void check_fits(const Space& space, const Spec& spec, const std::string& source,
                const std::string& pointer = "");
bool fits(const Space& space, const Spec& spec);

/// The first `stages` stages: a network of its own, a spec of the space's prefix.
Spec prefix(const Spec& spec, int stages);

Spec smallest(const Space& space);
Spec largest(const Space& space);

}  // namespace enas4d
