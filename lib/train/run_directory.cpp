#include "train/run_directory.h"

#include <limits>

#include <fmt/format.h>

#include "checkpoint/weights_files.h"
#include "util/error.h"

namespace enas4d {

namespace {

std::string short_text(const Json& value) {
  const std::string text = value.dump();
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

}  // namespace

std::optional<std::string> first_difference(const Json& there, const Json& here) {
  const Json patch = Json::diff(there, here);  // unlike ==, whatever the order of keys
  if (patch.empty()) return std::nullopt;
  auto place = patch[0]["path"].get<std::string>();
  const std::size_t slash = place.rfind('/');
  if (slash != std::string::npos && place.substr(slash) == "/-")
    place.resize(slash);  // a longer list
  const Json::json_pointer pointer(place);
  const auto text_at = [&](const Json& document) {
    return document.contains(pointer) ? short_text(document[pointer]) : std::string("absent");
  };
  return fmt::format("{} is {} there, {} here", place, text_at(there), text_at(here));
}

namespace {

Json run_document(const Json& configuration) {
  Json document = new_document("run");
  document["configuration"] = configuration;
  return document;
}

}  // namespace

RunDirectory::RunDirectory(const std::string& path, const Json& configuration)
    : path_(path), configuration_(configuration) {
  make_directories(path);
  lock_ = std::make_unique<FileLock>(path + "/lock");
  for (const std::string& file : {run_path(), supernet_path(), checkpoint_path()}) {
    remove_unfinished(file);
  }
  if (!file_exists(run_path())) return;
  const auto difference =
      first_difference(JsonValue::read_file(run_path()).raw(), run_document(configuration));
  if (difference) throw bad_input(path, "belongs to another configuration: " + *difference);
}

namespace {

/// The checkpoint; where there is none, the one before it: where a file system knows no hard links,
/// a process that is killed at the wrong moment leaves that one alone.
std::string last_checkpoint(const std::string& path) {
  const std::string previous = path + ".previous";
  return !file_exists(path) && file_exists(previous) ? previous : path;
}

TrainingState load_checkpoint(const std::string& path) {
  const std::string previous = path + ".previous";
  try {
    return load_training_state(path);
  } catch (const Error& error) {
    if (error.status() != ExitStatus::kBadInput || !file_exists(previous)) throw;
    throw Error(error.status(), fmt::format("{}; the one before it is {}", error.what(), previous));
  }
}

}  // namespace

std::optional<TrainingState> RunDirectory::resume() {
  const std::string path = last_checkpoint(checkpoint_path());
  if (!file_exists(path)) {
    require_no_weights();
    begin_after(-1);
    return std::nullopt;
  }
  TrainingState state = load_checkpoint(path);
  const auto difference = first_difference(state.configuration, configuration_);
  if (difference) throw bad_input(path, "belongs to another configuration: " + *difference);
  begin_after(state.step);
  return state;
}

/// Weights of one epoch are what a process leaves that was killed before its first checkpoint.
void RunDirectory::require_no_weights() const {
  if (!file_exists(supernet_path())) return;
  const int epoch = trained_epochs(supernet_path());
  if (epoch < 2) return;
  throw bad_input(supernet_path(),
                  fmt::format("holds the weights of epoch {}, but there is no checkpoint to go on "
                              "from; without that file training begins again",
                              epoch));
}

/// Not before all is known to fit: what is refused must not change what the folder belongs to.
void RunDirectory::begin_after(std::int64_t step) {
  if (!file_exists(run_path())) write_file(run_path(), run_document(configuration_).dump(2) + "\n");
  drop_metrics_after(step);
}

void RunDirectory::drop_metrics_after(std::int64_t step) {
  if (file_exists(metrics_path())) {
    const std::string text = read_file(metrics_path());
    std::string kept;
    int number = 0;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const std::string line = text.substr(begin, end - begin);
      ++number;
      if (line.empty()) continue;
      JsonObject metrics =
          JsonValue::parse(line, fmt::format("{}:{}", metrics_path(), number)).object();
      if (metrics.required("step").whole(0, std::numeric_limits<std::int64_t>::max()) <= step)
        kept += line + "\n";
    }
    if (kept.size() != text.size()) write_file(metrics_path(), kept);
  }
  metrics_ = std::make_unique<AppendFile>(metrics_path());
}

void RunDirectory::append_metrics(const Json& line) {
  metrics_->append(line.dump());
}

}  // namespace enas4d
