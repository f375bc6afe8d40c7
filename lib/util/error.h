// What a user can cause: one exception type that carries the exit status the program ends with.
// What we got wrong is an assert, never an Error.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace enas4d {

/// The exit statuses of all five programs.
enum class ExitStatus {
  kDone = 0,
  kFailed = 1,      ///< the work failed: disk full, a file that cannot be written
  kUsage = 2,       ///< used wrongly: unknown option, word outside its choices
  kBadInput = 3,    ///< a file that cannot be read or breaks its format
  kImpossible = 4,  ///< a constraint that nothing can meet
  kDiverged = 5,    ///< training left the finite numbers
  kStopped = 75,    ///< stopped early by a signal or a time limit
};

/// A message is one line in lower case without a full stop: file, place, rule, value.
class Error : public std::runtime_error {
 public:
  Error(ExitStatus status, const std::string& message)
      : std::runtime_error(message), status_(status) {}

  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

Error failed(const std::string& message);
Error usage_error(const std::string& message);
Error impossible(const std::string& message);

/// "`place`: `rule`", where place is a file or "file: /json/pointer".
Error bad_input(std::string_view place, std::string_view rule);

}  // namespace enas4d
