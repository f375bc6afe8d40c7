// One thread for work too small to share: waking the others takes longer than the layers do.
#pragma once

namespace enas4d {

enum class Threads { kAll, kOne };

/// While it lives, what this thread starts runs on so many threads.
class SerialSection {
 public:
  explicit SerialSection(Threads threads);
  ~SerialSection();
  SerialSection(const SerialSection&) = delete;
  SerialSection& operator=(const SerialSection&) = delete;

 private:
  int threads_;  ///< to go back to; 0 = nothing was changed
};

}  // namespace enas4d
