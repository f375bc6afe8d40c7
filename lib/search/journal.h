// Every evaluation, appended as soon as it is known: a killed search resumes and loses no more than
// what was being evaluated. A folder:
// `journal.jsonl` with its key on the first line and then one record a line, in
// `tables/<spec hash>.table` the evaluation (evaluation_file.h), written before the line that names
// its spec, and `journal.lock`. The record of what could not be measured says why and has no table.
// Several processes (shards) share the folder, each with a file of lines and a lock of its own,
// `journal-1-of-3.jsonl`: whoever opens it reads them all.
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

/// One of the processes that feed one search, counted from 1.
struct Shard {
  int index = 1, count = 1;
};

class Journal {
 public:
  /// Opens or makes the folder and locks the shard's part of it. Throws Error (bad input) if it
  /// belongs to another key, naming which part differs, or if a line is broken (a torn last line is
  /// cut off by the next). `search`: a hash of what the shards must have in common; Error (usage)
  /// if one runs that has another.
  Journal(const std::string& directory, const JournalKey& key, const Shard& shard = {},
          const std::string& search = "");
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Reads the evaluation from disk: a journal of any size takes next to no memory.
  std::optional<Evaluated> find(const Spec& spec) const;
  /// What is known already, another shard's too, is not written again. Gives what stands: two
  /// shards may have evaluated one spec, and on other processors differ in the last bits.
  Evaluated append(const Spec& spec, Evaluated evaluated);
  std::size_t size() const;

  const Shard& shard() const;
  /// Takes in what other shards have written.
  void refresh();
  /// Whether a process runs as that shard of as many.
  bool is_running(int index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace enas4d
