// Where a tool's result goes.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "util/files.h"

namespace enas4d {

/// Standard output for "" and "-", else a file that appears, whole, when finish() is called. Opened
/// at once, so that a target that cannot be written is known before the work. All failures are
/// Error (failed).
class Output {
 public:
  Output(const std::string& path, std::ostream& out);

  void line(std::string_view text);  ///< adds the newline
  void flush();   ///< what was written so far reaches a reader of standard output
  void finish();  ///< once, at the end
  /// Instead, of lines that are not all: the file is "PATH.partial", and PATH stays as it was. Says
  /// where they are: ", in PATH.partial"; empty for standard output.
  std::string finish_partly();

 private:
  std::ostream& out_;
  std::optional<AtomicFile> file_;
  std::string buffer_;
};

/// Throws Error (failed) if anything written to standard output was lost.
void check_standard_output(std::ostream& out);

}  // namespace enas4d
