// What every tool that reads images does alike: where decoded images are kept, and telling how
// decoding goes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "cli/common_options.h"
#include "cli/tool.h"
#include "data/dataset.h"
#include "formats/image_set.h"
#include "util/cpu.h"

namespace enas4d {

/// The user's folder for what can be made again (XDG base directory specification).
inline std::string user_cache() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  const std::string cache = variable("XDG_CACHE_HOME");
  if (!cache.empty() && cache.front() == '/') return cache + "/enas4d";
  const std::string home = variable("HOME");
  return home.empty() ? ".cache/enas4d" : home + "/.cache/enas4d";
}

struct ImageOptions {
  std::string data;
  std::string cache;
  double most_unreadable = ReadOptions{}.most_unreadable;
};

inline void declare_images(ImageOptions& options, OptionList& list) {
  add_data(list, options.data).required = true;
  list.add("--cache", options.cache,
           "with folder:DIR: where decoded images are kept, by default ~/.cache/enas4d",
           TextFormat{"DIR"});
  list.add("--most-unreadable", options.most_unreadable,
           "with folder:DIR: the largest share of images that may be unreadable and are left out",
           RealRange{0, 1});
}

enum class LeftOut { kTold, kUntold };

/// Tells the terminal how reading an image folder goes.
class ConsoleReadObserver : public ReadObserver {
 public:
  /// Of several ranks one tells of images that are left out.
  explicit ConsoleReadObserver(Console& console, LeftOut left_out = LeftOut::kTold)
      : console_(console), left_out_(left_out) {}

  void decoded(const std::string& folder, std::int64_t done, std::int64_t images) override {
    console_.progress(static_cast<double>(done) / static_cast<double>(images),
                      fmt::format("decoding {}: {} of {} images", folder, done, images));
  }

  void left_out(const std::string& folder, const std::vector<std::string>& reasons,
                std::int64_t images) override {
    constexpr std::size_t kMostLines = 20;
    if (left_out_ == LeftOut::kUntold) return;
    for (std::size_t i = 0; i < std::min(kMostLines, reasons.size()); ++i) {
      console_.warning(reasons[i]);
    }
    console_.warning(fmt::format("{}: {} of {} images cannot be read and are left out", folder,
                                 reasons.size(), images));
  }

 private:
  Console& console_;
  LeftOut left_out_;
};

inline ReadOptions read_options(const ImageOptions& options, ReadObserver& observer) {
  ReadOptions result;
  result.cache = options.cache.empty() ? user_cache() : options.cache;
  result.most_unreadable = options.most_unreadable;
  result.workers = usable_cpus();  // nothing else runs yet
  result.observer = &observer;
  return result;
}

/// The images that a checkpoint was trained on. `stop`: of a tool that takes signals itself.
inline Dataset open_as_trained(const ImageOptions& options, const DataDescription& trained,
                               Console& console, const StopFlag* stop = nullptr) {
  ConsoleReadObserver observer(console);
  ReadOptions reading = read_options(options, observer);
  reading.stop = stop;
  return Dataset::open_as(options.data, trained, reading);
}

}  // namespace enas4d
