// What a tool says to people: log lines and progress on standard error, never a result.
#pragma once

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

namespace enas4d {

enum class LogFormat { kText, kJson };

struct ConsoleOptions {
  bool quiet = false;    ///< warnings and errors only
  bool verbose = false;  ///< details too
  LogFormat format = LogFormat::kText;
};

/// A number worth watching: {"loss", 1.234, "loss 1.234"}.
struct Figure {
  std::string key;  ///< in JSON lines
  double value;
  std::string text;
};

class Console {
 public:
  /// `options` is looked at with every line. `columns`: of the terminal behind `err`; 0 = it is
  /// none.
  Console(std::ostream& err, std::string program, int columns, const ConsoleOptions& options);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void detail(const std::string& message);  ///< with --verbose
  void info(const std::string& message, const std::vector<Figure>& figures = {});
  void warning(const std::string& message);
  void error(const std::string& message);

  /// May be called as often as one likes: a terminal shows a bar that is redrawn ten times a
  /// second, anything else gets a line every ten seconds and one at the end (`fraction` = 1).
  void progress(double fraction, const std::string& what, const std::vector<Figure>& figures = {});

 private:
  using Clock = std::chrono::steady_clock;

  void line(const char* level, const std::string& message, const std::vector<Figure>& figures);
  void draw_bar(double fraction, const std::string& text);
  void clear_bar();

  std::ostream& err_;
  std::string program_;
  int columns_;
  const ConsoleOptions& options_;
  bool bar_drawn_ = false;
  Clock::time_point shown_;
};

}  // namespace enas4d
