// Every evaluation, appended at once: a killed search resumes and loses nothing. A folder:
// `journal.jsonl` with its key on the first line and then one record a line, in
// `tables/<spec hash>.table` the evaluation (evaluation_file.h), written before the line that names
// its spec, and `lock`.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "search/evaluator.h"

namespace enas4d {

/// What an evaluation depends on besides its spec; another key = another journal.
struct JournalKey {
  std::string space, checkpoint, data, calibration;
};

class Journal {
 public:
  /// Opens or makes the folder and locks it. Throws Error (bad input) if it belongs to another key,
  /// naming which part differs, or if a line is broken (a torn last line is cut off).
  Journal(const std::string& directory, const JournalKey& key);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Reads the evaluation from disk: a journal of any size takes next to no memory.
  std::optional<Evaluation> find(const Spec& spec) const;
  void append(const Spec& spec, const Evaluation& evaluation);
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace enas4d
