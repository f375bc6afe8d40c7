// What tests of image folders share: how reading one fails, and what may happen meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unistd.h>
#include <utility>

#include "support/catch.h"
#include "support/image_folder.h"
#include "util/error.h"

namespace enas4d {

struct FolderFailure {
  ExitStatus status = ExitStatus::kDone;
  std::string message;
};

inline FolderFailure failure_of(const ExampleFolder& folder, const ReadOptions& options) {
  try {
    read_image_folder(folder.data(), options);
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return {error.status(), error.what()};
  }
  return {};
}

inline void check_refused(const ExampleFolder& folder, const std::string& message) {
  const FolderFailure failure = failure_of(folder, folder.options());
  CHECK(failure.status == ExitStatus::kBadInput);
  CHECK(failure.message == message);
}

inline ReadOptions with_observer(const ExampleFolder& folder, ReadObserver& observer) {
  ReadOptions options = folder.options();
  options.observer = &observer;
  return options;
}

/// Calls `first` when it first hears of decoded images.
class HookedObserver : public CountingObserver {
 public:
  explicit HookedObserver(std::function<void()> first) : first_(std::move(first)) {}
  void decoded(const std::string& folder, std::int64_t done, std::int64_t images) override {
    CountingObserver::decoded(folder, done, images);
    if (decodings == 1) first_();
  }

 private:
  std::function<void()> first_;
};

/// Permissions mean nothing to root.
class AsNobody {
 public:
  AsNobody() : user_(geteuid()) { done_ = user_ != 0 || seteuid(65534) == 0; }
  ~AsNobody() { done_ = user_ != 0 || seteuid(user_) == 0; }

 private:
  uid_t user_;
  bool done_;
};

}  // namespace enas4d
