// Counts and durations as people write them: 5M, 185.2M, 1 h 04 min.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace enas4d {

/// "5M" -> 5,000,000; suffixes k, M, G (1000-based), fractions allowed ("2.5M"). `name` opens the
/// message. Throws Error (usage): "--average-macs: must be a count such as 5M, got 'fast'".
std::int64_t parse_count(std::string_view text, const std::string& name);

/// 26214400 -> "26.2M"; three significant digits and a suffix, whole below 1000.
std::string format_count(std::int64_t count);

/// Two counts that differ, as texts that do: in full where three digits do not tell them apart.
std::pair<std::string, std::string> format_apart(std::int64_t one, std::int64_t other);

constexpr double kLongestDuration = 1e9;  ///< seconds, 31 years: more would overflow clocks

/// "1h30m", "90s", "2.5h", "45" (seconds) -> seconds, at most kLongestDuration. Throws Error
/// (usage).
double parse_duration(std::string_view text, const std::string& name);

/// 3840 -> "1 h 04 min", 75 -> "1 min 15 s", 4.2 -> "4.2 s".
std::string format_duration(double seconds);

}  // namespace enas4d
