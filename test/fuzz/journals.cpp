#include "fuzz/input_file.h"
#include "fuzz/reader.h"
#include "fuzz/readers.h"
#include "search/journal.h"

namespace enas4d {

/// The lines of a search's journal. What its tables hold is for try_evaluation.
void try_journal(std::string_view input) {
  static const TemporaryFolder folder;
  static const JournalKey key = {"aaaa", "bbbb", "cccc", "dddd"};
  put_file(folder / "journal.jsonl", input);
  const std::size_t known = Journal(folder.path(), key).size();
  // A torn last line is cut off, and nothing else.
  if (Journal(folder.path(), key).size() != known)
    throw Finding("another journal when it is opened again");
}

}  // namespace enas4d
