#include "util/units.h"

#include "support/catch.h"
#include "util/error.h"

namespace enas4d {

TEST_CASE("counts are read exactly", "[util][units]") {
  const auto [text, count] = GENERATE(table<std::string, std::int64_t>({
      {"0", 0},
      {"17", 17},
      {"5M", 5'000'000},
      {"2.5M", 2'500'000},
      {"185.2M", 185'200'000},
      {"1.000", 1},
      {"10k", 10'000},
      {"10K", 10'000},
      {"0.001k", 1},
      {".5k", 500},
      {"0.000000001G", 1},
      {"9223372036854775807", 9'223'372'036'854'775'807},
      {"9223372036.854775807G", 9'223'372'036'854'775'807},
  }));
  CAPTURE(text);
  CHECK(parse_count(text, "--average-macs") == count);
}

TEST_CASE("what is no count is refused with the option's name", "[util][units]") {
  const std::string text = GENERATE("", "M", ".", "-5M", "+5", "5 M", " 5", "5MM", "5m", "5T",
                                    "1e6", "0x10", "1.2.3", "1.5", "0.0001k", "9223372036854775808",
                                    "9223372036.854775808G", "99999999999G", "inf", "nan", "fast");
  CAPTURE(text);
  CHECK_THROWS_WITH(parse_count(text, "--average-macs"),
                    "--average-macs: must be a count such as 5M, got '" + text + "'");
}

TEST_CASE("counts are written with three digits", "[util][units]") {
  const auto [count, text] = GENERATE(table<std::int64_t, std::string>({
      {0, "0"},
      {999, "999"},
      {1000, "1.00k"},
      {9994, "9.99k"},
      {9996, "10.0k"},
      {26'214'400, "26.2M"},
      {185'200'000, "185M"},
      {999'499, "999k"},
      {999'500, "1.00M"},
      {999'600'000'000, "1000G"},
      {12'000'000'000'000, "12000G"},
  }));
  CHECK(format_count(count) == text);
}

TEST_CASE("counts that differ are told apart", "[util][units]") {
  using Texts = std::pair<std::string, std::string>;
  CHECK(format_apart(1500, 2'000'000) == Texts("1.50k", "2.00M"));
  CHECK(format_apart(107'375, 107'376) == Texts("107375", "107376"));
}

TEST_CASE("durations are read as people write them", "[util][units]") {
  const auto [text, seconds] = GENERATE(table<std::string, double>({
      {"45", 45},
      {"90s", 90},
      {"2.5h", 9000},
      {"1h30m", 5400},
      {"1h5s", 3605},
      {"0", 0},
      {"1m.5s", 60.5},
  }));
  CAPTURE(text);
  CHECK(parse_duration(text, "--max-time") == seconds);
}

TEST_CASE("what is no duration is refused with the option's name", "[util][units]") {
  const std::string text =
      GENERATE("", "h", "-1h", "1h30", "30m1h", "1h1h", "1d", "1 h", "inf", "1e3", "1..5h", "1h ");
  CAPTURE(text);
  CHECK_THROWS_WITH(parse_duration(text, "--max-time"),
                    "--max-time: must be a duration such as 1h30m, got '" + text + "'");
}

TEST_CASE("a duration longer than clocks count is refused", "[util][units]") {
  CHECK(parse_duration("1000000000", "--max-time") == kLongestDuration);
  const std::string text = GENERATE("1000000001", "300000h", "277777h46m41s");
  CHECK_THROWS_WITH(parse_duration(text, "--max-time"),
                    "--max-time: must be 31 years at most, got '" + text + "'");
  CHECK_THROWS_AS(parse_duration(std::string(400, '9'), "--max-time"), Error);
}

TEST_CASE("durations are written with two units at most", "[util][units]") {
  const auto [seconds, text] = GENERATE(table<double, std::string>({
      {0.0042, "0.0042 s"},
      {4.2, "4.2 s"},
      {59.94, "59.9 s"},
      {59.96, "1 min 00 s"},
      {75, "1 min 15 s"},
      {3599.4, "59 min 59 s"},
      {3599.6, "1 h 00 min"},
      {3840, "1 h 04 min"},
      {360000, "100 h 00 min"},
  }));
  CHECK(format_duration(seconds) == text);
}

}  // namespace enas4d
