// The record: one JSON line that flows through the pipeline. A spec and, as they become known, its
// MACs, policy, accuracies and hashes.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/plan.h"
#include "arch/spec.h"
#include "policy/exit_table.h"

namespace enas4d {

struct Record {
  std::string space;  ///< space_hash; empty = not said
  Spec spec;
  std::vector<std::int64_t> macs;  ///< cumulative per exit; empty = not known
  std::optional<std::int64_t> params;
  std::optional<Policy> policy;
  std::optional<Outcome> val;
  std::optional<Outcome> test;
  std::optional<std::string> failure;  ///< why it could not be measured
  /// Provenance: "checkpoint", "data", "calibration", "spec".
  std::map<std::string, std::string> hashes;
};

/// Reads a document of kind `record` or `spec`.
Record read_record(const JsonValue& document);

/// One line without its newline.
std::string to_line(const Record& record);

/// Records of `text`: one document (over several lines, if it likes) or one a line. Empty lines are
/// skipped; a text without any holds no records. Each record is checked against `space`, which may
/// be null (checked later); a record of another space is an error. Throws Error (bad input)
/// "specs.jsonl:17: ..." with the line number.
std::vector<Record> read_records(const std::string& text, const std::string& source,
                                 const Space* space = nullptr);

/// The same from a path, or from `in` for "-".
std::vector<Record> read_records_from(const std::string& path, std::istream& in,
                                      const Space* space);

/// The most accurate on val, then the cheapest, of the records whose average MACs on val are within
/// `budget`; null if none is.
const Record* best_within(const std::vector<Record>& records, double budget);

/// The one of the least average MACs on val; null if none has a val outcome.
const Record* cheapest_on_val(const std::vector<Record>& records);

/// A record with macs, params and the space's hash worked out.
Record describe(const Space& space, const std::string& hash, const Spec& spec);

}  // namespace enas4d
