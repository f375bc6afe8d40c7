#include "util/units.h"

#include <cassert>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::int64_t scale_of(char suffix) {
  switch (suffix) {
    case 'k':
    case 'K':
      return 1'000;
    case 'M':
      return 1'000'000;
    case 'G':
      return 1'000'000'000;
    default:
      return 1;
  }
}

/// Decimal digits are added exactly: "185.2M" through a double could end one off.
std::optional<std::int64_t> exact_count(std::string_view text) {
  std::int64_t scale = text.empty() ? 1 : scale_of(text.back());
  if (scale > 1) text.remove_suffix(1);
  std::int64_t count = 0;
  bool any_digit = false, in_fraction = false;
  for (const char c : text) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!is_digit(c)) return std::nullopt;
    any_digit = true;
    std::int64_t digit = c - '0';
    if (in_fraction) {
      if (scale == 1 && digit != 0) return std::nullopt;  // finer than one
      if (scale > 1) scale /= 10;
    } else if (__builtin_mul_overflow(count, 10, &count)) {
      return std::nullopt;
    }
    if (__builtin_mul_overflow(digit, scale, &digit)) return std::nullopt;
    if (__builtin_add_overflow(count, digit, &count)) return std::nullopt;
  }
  if (!any_digit) return std::nullopt;
  return count;
}

/// Takes "12.5" off the front of `text`.
std::optional<double> leading_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && (is_digit(text[length]) || text[length] == '.')) ++length;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
  if (error != std::errc() || end != text.data() + length) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

std::optional<double> duration_seconds(std::string_view text) {
  struct Unit {
    char letter;
    double seconds;
  };
  constexpr Unit kUnits[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
  double total = 0;
  const Unit* unit = std::begin(kUnits);
  while (true) {
    const auto value = leading_number(text);
    if (!value) return std::nullopt;
    if (text.empty()) {  // a bare number is in seconds, but "1h30" could mean anything
      if (unit != std::begin(kUnits)) return std::nullopt;
      return *value;
    }
    while (unit != std::end(kUnits) && unit->letter != text.front()) ++unit;
    if (unit == std::end(kUnits)) return std::nullopt;
    total += *value * unit->seconds;
    ++unit;
    text.remove_prefix(1);
    if (text.empty()) return total;
  }
}

}  // namespace

std::int64_t parse_count(std::string_view text, const std::string& name) {
  const auto count = exact_count(text);
  if (!count) {
    throw usage_error(fmt::format("{}: must be a count such as 5M, got '{}'", name, text));
  }
  return *count;
}

std::string format_count(std::int64_t count) {
  assert(count >= 0);
  if (count < 1000) return fmt::format("{}", count);
  auto value = static_cast<double>(count);
  const char* suffix = "kMG";
  value /= 1000;
  while (value >= 999.5 && suffix[1] != '\0') {  // 999.5 would be written 1000
    value /= 1000;
    ++suffix;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", value, decimals, *suffix);
}

std::pair<std::string, std::string> format_apart(std::int64_t one, std::int64_t other) {
  const std::pair texts(format_count(one), format_count(other));
  if (texts.first != texts.second) return texts;
  return {fmt::format("{}", one), fmt::format("{}", other)};
}

double parse_duration(std::string_view text, const std::string& name) {
  const auto seconds = duration_seconds(text);
  if (!seconds) {
    throw usage_error(fmt::format("{}: must be a duration such as 1h30m, got '{}'", name, text));
  }
  if (*seconds > kLongestDuration) {
    throw usage_error(fmt::format("{}: must be 31 years at most, got '{}'", name, text));
  }
  return *seconds;
}

std::string format_duration(double seconds) {
  if (seconds < 1) return fmt::format("{:.2g} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const std::int64_t whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  const std::int64_t minutes = std::llround(seconds / 60);
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

}  // namespace enas4d
