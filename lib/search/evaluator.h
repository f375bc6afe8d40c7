// The seam between search and networks: specs go in, exit tables and costs come out. Tests put
// arithmetic behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "arch/spec.h"
#include "policy/exit_table.h"
#include "util/exit_macs.h"

namespace enas4d {

struct Evaluation {
  ExitTable table;  ///< on val
  ExitMacs macs;
  std::int64_t params = 0;
};

/// Why a network could not be measured: a fact about it, as lasting as an evaluation.
struct Failure {
  std::string reason;
};

using Evaluated = std::variant<Evaluation, Failure>;

class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// Specs may be prefixes (arch/spec.h), which are networks of fewer stages. Calls
  /// `done(index, evaluated)` for each of `specs`, in any order, as soon as each is known: what was
  /// done is kept when the process dies in the middle. Returns false if it was stopped before the
  /// end.
  using Done = std::function<void(std::size_t, Evaluated)>;
  virtual bool evaluate(const std::vector<Spec>& specs, const Done& done) = 0;
};

}  // namespace enas4d
