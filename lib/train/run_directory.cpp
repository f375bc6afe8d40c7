#include "train/run_directory.h"

#include <limits>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {

namespace {

std::string short_text(const Json& value) {
  const std::string text = value.dump();
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

}  // namespace

std::string first_difference(const Json& there, const Json& here) {
  const Json patch = Json::diff(there, here);
  const auto place = patch[0]["path"].get<std::string>();
  const Json::json_pointer pointer(place);
  const auto text_at = [&](const Json& document) {
    return document.contains(pointer) ? short_text(document[pointer]) : std::string("absent");
  };
  return fmt::format("{} is {} there, {} here", place, text_at(there), text_at(here));
}

RunDirectory::RunDirectory(const std::string& path, const Json& configuration)
    : path_(path), configuration_(configuration) {
  make_directories(path);
  lock_ = std::make_unique<FileLock>(path + "/lock");
  const std::string run_path = path + "/run.json";
  for (const std::string& file : {run_path, supernet_path(), checkpoint_path()}) {
    remove_unfinished(file);
  }
  Json document = new_document("run");
  document["configuration"] = configuration;
  if (!file_exists(run_path)) {
    write_file(run_path, document.dump(2) + "\n");
    return;
  }
  const Json there = JsonValue::read_file(run_path).raw();
  if (there != document) {
    throw bad_input(path, "belongs to another configuration: " + first_difference(there, document));
  }
}

std::optional<TrainingState> RunDirectory::resume() {
  if (!file_exists(checkpoint_path())) {
    drop_metrics_after(-1);
    return std::nullopt;
  }
  try {
    TrainingState state = load_training_state(checkpoint_path());
    if (state.configuration != configuration_) {
      throw Error(ExitStatus::kBadInput,
                  fmt::format("{}: belongs to another configuration: {}", checkpoint_path(),
                              first_difference(state.configuration, configuration_)));
    }
    drop_metrics_after(state.step);
    return state;
  } catch (const Error& error) {
    const std::string previous = checkpoint_path() + ".previous";
    if (error.status() != ExitStatus::kBadInput || !file_exists(previous)) throw;
    throw Error(error.status(), fmt::format("{}; the one before it is {}", error.what(), previous));
  }
}

void RunDirectory::drop_metrics_after(std::int64_t step) {
  if (file_exists(metrics_path())) {
    const std::string text = read_file(metrics_path());
    std::string kept;
    int number = 0;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const std::string line = text.substr(begin, end - begin);
      JsonObject metrics =
          JsonValue::parse(line, fmt::format("{}:{}", metrics_path(), ++number)).object();
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
