// What may be chosen: the space of multi-stage networks, as a value (papers: ENAS4D
// abstract, OFA 3.1).
#pragma once

#include <string>
#include <vector>

#include "arch/activation.h"
#include "util/json.h"

namespace enas4d {

constexpr int kMaxStages = 4;
constexpr int kMaxUnits = 16;
constexpr int kMaxDepth = 32;  ///< blocks of one unit

/// Ascending, distinct, never empty.
using Choices = std::vector<int>;

/// Which hidden groups projection and squeeze-excite of stage s read: their own, or those of every
/// stage <= s that runs the block.
enum class ProjectionReads { kOwn, kAll };

struct StemSpace {
  int kernel = 3;
  int stride = 1;
  Activation activation = Activation::kHardSwish;
  std::vector<Choices> width;  ///< per stage: output channels of its group
};

/// The blocks of one resolution level. The first block carries stride and width change.
struct UnitSpace {
  int stride = 1;
  Activation activation = Activation::kRelu;
  bool squeeze_excite = false;
  std::vector<Choices> depth;   ///< per stage: blocks that it runs
  std::vector<Choices> width;   ///< per stage: output channels of its group, in all blocks
  std::vector<Choices> kernel;  ///< per stage: depthwise kernel, free for each block
  std::vector<Choices> expand;  ///< per stage: hidden width over input width, free for each block
};

struct HeadSpace {
  Activation activation = Activation::kHardSwish;
  std::vector<Choices> width;  ///< per stage: channels of the final 1x1 convolution's group
  std::vector<int>
      features;  ///< per stage: width of the linear layer before the classifier; empty = none
};

struct Space {
  std::string name;
  int stages = 1;    ///< 1 to kMaxStages
  int channels = 3;  ///< of the image
  int classes = 10;
  Choices resolution;  ///< input sizes in pixels, one for the whole spec
  ProjectionReads projection_reads = ProjectionReads::kOwn;
  StemSpace stem;
  std::vector<UnitSpace> units;
  HeadSpace head;
};

/// Reads a document of kind `space` (format: schemas/space.schema.json). A per-stage field is one
/// list for all stages or one list a stage. Throws Error (bad input) where a rule of
/// schemas/README.md is broken.
Space read_space(const JsonValue& document);
Json to_json(const Space& space);

/// SHA-256 of everything but the name.
std::string space_hash(const Space& space);

/// The space of the first `stages` stages alone. Causality makes it whole: lower() gives the same
/// layers for them in either space.
Space prefix(const Space& space, int stages);

/// The number of specs, as log10 (it overflows integers).
double log10_size(const Space& space);

/// Words of documents: "linear", "relu", "hard_swish", "hard_sigmoid".
const char* to_word(Activation activation);

}  // namespace enas4d
