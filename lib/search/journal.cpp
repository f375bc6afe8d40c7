#include "search/journal.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "search/evaluation_file.h"
#include "search/record.h"
#include "util/error.h"
#include "util/files.h"
#include "util/json_text.h"

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
                                part.name, escaped(found), key.*part.value));
  }
  object.finish();
}

std::string made_folder(const std::string& path) {
  make_directories(path);
  return path;
}

std::string file_stem(const std::string& directory, const Shard& shard) {
  if (shard.count == 1) return directory + "/journal";
  return fmt::format("{}/journal-{}-of-{}", directory, shard.index, shard.count);
}

/// Whether file_stem() of some shard gives this name. A folder may hold what is not the journal's:
/// a search's result, say.
bool is_lines_file(const std::string& name) {
  if (name == "journal.jsonl") return true;
  int index = 0, count = 0, end = 0;
  std::sscanf(name.c_str(), "journal-%d-of-%d.jsonl%n", &index, &count, &end);
  return end > 0 && static_cast<std::size_t>(end) == name.size();
}

}  // namespace

/// Members in the order in which they must come about: nothing is read before the lock is held.
struct Journal::State {
  State(const std::string& folder, const JournalKey& journal_key, const Shard& own,
        const std::string& own_search)
      : tables(made_folder(folder + "/tables")),
        directory(folder),
        shard(own),
        search(own_search),
        lock(lock_path(own.index), {}, own_search),
        path(file_stem(folder, own) + ".jsonl"),
        key(journal_key),
        lines(path) {}

  std::string lock_path(int index) const {
    return file_stem(directory, {index, shard.count}) + ".lock";
  }
  std::string table_path(const std::string& hash) const {
    return fmt::format("{}/{}.table", tables, hash);
  }

  /// How much of a file was taken in.
  struct Progress {
    std::size_t bytes = 0;
    int lines = 0;
  };

  void require_same_search(int other) const;
  void read_all();
  void read_lines(const std::string& file, std::string_view text, Progress& progress);
  void read_line(const JsonValue& line, int number);
  void append(const std::string& line);
  bool has_no_key() const;
  FileLock turn() const;
  void add(const Record& record) {
    const std::string hash = spec_hash(record.spec);
    known.insert(hash);
    if (record.failure) failures[hash] = *record.failure;
  }

  std::string tables, directory;
  Shard shard;
  std::string search;
  FileLock lock;
  std::string path;
  JournalKey key;
  AppendFile lines;
  std::map<std::string, Progress> read;  ///< by the file's name
  std::unordered_set<std::string> known;
  std::unordered_map<std::string, std::string> failures;  ///< reasons
};

/// Shards that propose other networks would wait for each other's for ever.
void Journal::State::require_same_search(int other) const {
  constexpr int kTries = 3;  // lock_note() may be late
  constexpr auto kPause = std::chrono::milliseconds(50);
  for (int tries = 0; tries < kTries; ++tries) {
    const std::string theirs = lock_note(lock_path(other));
    if (theirs.empty() || theirs == search) return;
    std::this_thread::sleep_for(kPause);
  }
  throw usage_error(
      fmt::format("{}: shard {} of {} runs with other options; all shards must have "
                  "the same",
                  directory, other, shard.count));
}

/// What is new in the lines of all shards. A last line without its end is still being written.
void Journal::State::read_all() {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!is_lines_file(name)) continue;
    const std::string file = entry.path().string();
    if (size_now(file) != read[name].bytes) read_lines(file, read_file(file), read[name]);
  }
}

/// One appends at a time, also where a search without shards and one with them share the folder.
FileLock Journal::State::turn() const {
  return FileLock(directory + "/append.lock", [] {});
}

/// The file is new, or its first writer was killed in that line.
bool Journal::State::has_no_key() const {
  const std::string text = read_file(path);
  if (text.find('\n') != std::string::npos) return false;
  if (key_line(key).compare(0, text.size(), text) == 0) return true;
  throw bad_input(path, "is no journal");
}

/// What this process writes it need not read again.
void Journal::State::append(const std::string& line) {
  lines.append(line);
  Progress& progress = read[std::filesystem::path(path).filename().string()];
  progress.bytes += line.size() + 1;
  ++progress.lines;
}

void Journal::State::read_lines(const std::string& file, std::string_view text,
                                Progress& progress) {
  while (progress.bytes < text.size()) {
    const std::size_t end = text.find('\n', progress.bytes);
    if (end == std::string::npos) return;
    const std::string_view line = text.substr(progress.bytes, end - progress.bytes);
    ++progress.lines;
    read_line(JsonValue::parse(line, fmt::format("{}:{}", file, progress.lines)), progress.lines);
    progress.bytes = end + 1;
  }
}

void Journal::State::read_line(const JsonValue& line, int number) {
  if (number == 1) {
    require_key(line, key);
    return;
  }
  const Record record = read_record(line);
  if (record.space != key.space) throw bad_input(line.source(), "is of another space");
  add(record);
}

Journal::Journal(const std::string& directory, const JournalKey& key, const Shard& shard,
                 const std::string& search)
    : state_(std::make_unique<State>(directory, key, shard, search)) {
  for (int other = 1; other <= shard.count; ++other) {
    if (other != shard.index) state_->require_same_search(other);
  }
  // Who has another key is refused before it leaves a line that would refuse the others.
  state_->read_all();
  if (state_->has_no_key()) state_->append(key_line(key));
}

Journal::~Journal() = default;

std::optional<Evaluated> Journal::find(const Spec& spec) const {
  const std::string hash = spec_hash(spec);
  if (state_->known.count(hash) == 0) return std::nullopt;
  const auto failure = state_->failures.find(hash);
  if (failure != state_->failures.end()) return Failure{failure->second};
  return read_evaluation(state_->table_path(hash));
}

Evaluated Journal::append(const Spec& spec, Evaluated evaluated) {
  if (auto found = find(spec)) return *std::move(found);  // and nobody has to wait for that
  const FileLock turn = state_->turn();
  refresh();
  if (auto found = find(spec)) return *std::move(found);
  Record record;
  record.space = state_->key.space;
  record.spec = spec;
  if (const auto* evaluation = std::get_if<Evaluation>(&evaluated)) {
    write_evaluation(state_->table_path(spec_hash(spec)), *evaluation);
    record.macs = evaluation->macs.cumulative;
    record.params = evaluation->params;
  } else {
    record.failure = std::get<Failure>(evaluated).reason;
  }
  state_->append(to_line(record));
  state_->add(record);
  return evaluated;
}

const Shard& Journal::shard() const {
  return state_->shard;
}

void Journal::refresh() {
  state_->read_all();
}

bool Journal::is_running(int index) const {
  return is_locked(state_->lock_path(index));
}

std::size_t Journal::size() const {
  return state_->known.size();
}

}  // namespace enas4d
