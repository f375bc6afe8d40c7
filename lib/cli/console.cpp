#include "cli/console.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "util/json.h"

namespace enas4d {
namespace {

constexpr std::chrono::milliseconds kBarInterval{100};
constexpr std::chrono::seconds kLineInterval{10};

std::string with_figures(std::string message, const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) message += ", " + figure.text;
  return message;
}

/// A log entry is one line, whatever a file name in it contains.
std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

}  // namespace

Console::Console(std::ostream& err, std::string program, int columns, const ConsoleOptions& options)
    : err_(err),
      program_(std::move(program)),
      columns_(columns),
      options_(options),
      shown_(Clock::now()) {}

Console::~Console() {
  clear_bar();
}

void Console::detail(const std::string& message) {
  if (options_.verbose && !options_.quiet) line("detail", message, {});
}

void Console::info(const std::string& message, const std::vector<Figure>& figures) {
  if (!options_.quiet) line("info", message, figures);
}

void Console::warning(const std::string& message) {
  line("warning", message, {});
}

void Console::error(const std::string& message) {
  line("error", message, {});
}

void Console::progress(double fraction, const std::string& what,
                       const std::vector<Figure>& figures) {
  if (options_.quiet) return;
  const bool bar = columns_ > 0 && options_.format == LogFormat::kText;
  const auto now = Clock::now();
  const bool due = bar ? now - shown_ >= kBarInterval : now - shown_ >= kLineInterval;
  if (!due && fraction < 1) return;
  shown_ = now;
  if (bar) {
    draw_bar(fraction, with_figures(what, figures));
    return;
  }
  std::vector<Figure> all = figures;
  all.insert(all.begin(), {"fraction", fraction, fmt::format("{:.0f} %", 100 * fraction)});
  line("progress", what, all);
}

void Console::line(const char* level, const std::string& message,
                   const std::vector<Figure>& figures) {
  clear_bar();
  if (options_.format == LogFormat::kJson) {
    Json entry = {{"program", program_}, {"level", level}, {"message", message}};
    for (const Figure& figure : figures) {
      entry[figure.key] = std::isfinite(figure.value) ? Json(figure.value) : Json();
    }
    constexpr auto kReplace = Json::error_handler_t::replace;  // file names need not be UTF-8
    err_ << entry.dump(-1, ' ', false, kReplace) << '\n' << std::flush;
    return;
  }
  const std::string kind = level;
  const bool named = kind == "error" || kind == "warning";
  err_ << fmt::format("{}: {}{}\n", program_, named ? kind + ": " : "",
                      on_one_line(with_figures(message, figures)))
       << std::flush;
}

void Console::draw_bar(double fraction, const std::string& text) {
  constexpr std::size_t kCells = 20;
  const auto filled = static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * double{kCells});
  std::string bar = fmt::format("{}: [{}{}] {:3.0f} % {}", program_, std::string(filled, '#'),
                                std::string(kCells - filled, '-'), 100 * fraction, text);
  bar.resize(std::min(bar.size(), static_cast<std::size_t>(columns_ - 1)));  // never wraps
  err_ << "\r\033[K" << bar << std::flush;
  bar_drawn_ = true;
}

void Console::clear_bar() {
  if (bar_drawn_) err_ << "\r\033[K" << std::flush;
  bar_drawn_ = false;
}

}  // namespace enas4d
