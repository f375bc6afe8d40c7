#include "search/journal.h"

#include <array>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "search/evaluation_file.h"
#include "search/record.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {
namespace {

struct KeyPart {
  const char* name;
  std::string JournalKey::*value;
};

constexpr std::array<KeyPart, 4> kKeyParts = {{{"space", &JournalKey::space},
                                               {"checkpoint", &JournalKey::checkpoint},
                                               {"data", &JournalKey::data},
                                               {"calibration", &JournalKey::calibration}}};

std::string key_line(const JournalKey& key) {
  Json document = new_document("journal");
  for (const KeyPart& part : kKeyParts) document[part.name] = key.*part.value;
  return document.dump();
}

void require_key(const JsonValue& line, const JournalKey& key) {
  JsonObject object = open_document(line, "journal");
  for (const KeyPart& part : kKeyParts) {
    const std::string found = object.required(part.name).text();
    if (found == key.*part.value) continue;
    throw bad_input(line.source(),
                    fmt::format("is the journal of another {} ({:.12}…, this search has {:.12}…)",
                                part.name, found, key.*part.value));
  }
  object.finish();
}

std::string made_folder(const std::string& path) {
  make_directories(path);
  return path;
}

}  // namespace

/// Members in the order in which they must come about: nothing is read before the lock is held.
struct Journal::State {
  State(const std::string& directory, const JournalKey& journal_key)
      : tables(made_folder(directory + "/tables")),
        lock(directory + "/lock"),
        path(directory + "/journal.jsonl"),
        key(journal_key),
        lines(path) {}

  std::string table_path(const std::string& hash) const {
    return fmt::format("{}/{}.table", tables, hash);
  }

  void read_lines();

  std::string tables;
  FileLock lock;
  std::string path;
  JournalKey key;
  AppendFile lines;  ///< cuts off a torn last line
  std::unordered_set<std::string> known;
};

void Journal::State::read_lines() {
  const std::string text = read_file(path);
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');  // AppendFile left whole lines only
    const JsonValue line =
        JsonValue::parse(rest.substr(0, end), fmt::format("{}:{}", path, number));
    rest.remove_prefix(end + 1);
    if (number == 1) {
      require_key(line, key);
      continue;
    }
    const Record record = read_record(line);
    if (record.space != key.space) throw bad_input(line.source(), "is of another space");
    known.insert(spec_hash(record.spec));
  }
}

Journal::Journal(const std::string& directory, const JournalKey& key)
    : state_(std::make_unique<State>(directory, key)) {
  if (read_file(state_->path).empty()) state_->lines.append(key_line(key));
  state_->read_lines();
}

Journal::~Journal() = default;

std::optional<Evaluation> Journal::find(const Spec& spec) const {
  const std::string hash = spec_hash(spec);
  if (state_->known.count(hash) == 0) return std::nullopt;
  return read_evaluation(state_->table_path(hash));
}

void Journal::append(const Spec& spec, const Evaluation& evaluation) {
  const std::string hash = spec_hash(spec);
  write_evaluation(state_->table_path(hash), evaluation);
  Record record;
  record.space = state_->key.space;
  record.spec = spec;
  record.macs = evaluation.macs.cumulative;
  record.params = evaluation.params;
  state_->lines.append(to_line(record));
  state_->known.insert(hash);
}

std::size_t Journal::size() const {
  return state_->known.size();
}

}  // namespace enas4d
