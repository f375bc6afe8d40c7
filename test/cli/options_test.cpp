#include "cli/options.h"

#include "support/catch.h"

namespace enas4d {
namespace {

enum class Fruit { kApple, kPear };

/// Every kind of option that there is.
struct Fields {
  bool flag = false;
  int whole = 3;
  std::int64_t large = 4;
  std::uint64_t seed = 5;
  double share = 0.5;
  std::vector<double> shares;
  std::string text;
  std::optional<std::int64_t> count;
  std::vector<std::int64_t> counts;
  std::optional<double> duration;
  std::vector<std::string> words = {"one"};
  Fruit fruit = Fruit::kApple;
};

/// Bound options and their fields, by flag.
class Bound {
 public:
  Bound() {
    list_.add("--flag", fields.flag, "a flag");
    list_.add("-w,--whole-number", fields.whole, "an int", WholeRange{1, 9});
    list_.add("--large", fields.large, "an int64", WholeRange{});
    list_.add("--seed", fields.seed, "a uint64", WholeRange{});
    list_.add("--share", fields.share, "a double", RealRange{0, 1});
    list_.add("--shares", fields.shares, "doubles", RealRange{0, 1});
    list_.add("--text", fields.text, "a string", TextFormat{"FILE"});
    list_.add("--count", fields.count, "a count", CountFormat{});
    list_.add("--counts", fields.counts, "counts", CountFormat{});
    list_.add("--duration", fields.duration, "a time", DurationFormat{});
    list_.add("--words", fields.words, "words", WordList{{"one", "two"}});
    list_.add<Fruit>("--fruit", fields.fruit, "an enum",
                     {{"apple", Fruit::kApple}, {"pear", Fruit::kPear}});
  }

  const Option& operator[](const std::string& flag) const {
    for (const Option& option : list_.options()) {
      if (option.flag() == flag) return option;
    }
    throw std::out_of_range(flag);
  }

  void set_json(const std::string& flag, const std::string& json) const {
    (*this)[flag].from_json(JsonValue::parse(json, "c.json"));
  }

  Fields fields;

 private:
  OptionList list_;
};

}  // namespace

TEST_CASE("an option's key is its long name with underscores", "[cli]") {
  const Bound bound;
  CHECK(bound["--whole-number"].key() == "whole_number");
  CHECK(bound["--whole-number"].flag() == "--whole-number");
}

TEST_CASE("a text sets the field behind an option", "[cli]") {
  const Bound bound;
  const Fields& fields = bound.fields;
  bound["--flag"].from_text("true");
  bound["--whole-number"].from_text("7");
  bound["--large"].from_text("9223372036854775807");
  bound["--seed"].from_text("42");
  bound["--share"].from_text("0.25");
  bound["--shares"].from_text("0.5,1");
  bound["--text"].from_text("a b");
  bound["--count"].from_text("2.5M");
  bound["--counts"].from_text("5M,10k,7");
  bound["--duration"].from_text("1h30m");
  bound["--words"].from_text("two,one");
  bound["--fruit"].from_text("pear");
  CHECK(fields.flag);
  CHECK(fields.whole == 7);
  CHECK(fields.large == INT64_MAX);
  CHECK(fields.seed == 42);
  CHECK(fields.share == 0.25);
  CHECK(fields.shares == std::vector<double>{0.5, 1});
  CHECK(fields.text == "a b");
  CHECK(fields.count == 2'500'000);
  CHECK(fields.counts == std::vector<std::int64_t>{5'000'000, 10'000, 7});
  CHECK(fields.duration == 5400);
  CHECK(fields.words == std::vector<std::string>{"two", "one"});
  CHECK(fields.fruit == Fruit::kPear);
}

TEST_CASE("JSON sets the field behind an option", "[cli]") {
  const Bound bound;
  const Fields& fields = bound.fields;
  bound.set_json("--flag", "true");
  bound.set_json("--whole-number", "7");
  bound.set_json("--seed", "42");
  bound.set_json("--share", "1");
  bound.set_json("--shares", "[0.5, 1]");
  bound.set_json("--text", R"("x")");
  bound.set_json("--count", "12");
  bound.set_json("--counts", R"([12, "5M"])");
  bound.set_json("--duration", R"("90s")");
  bound.set_json("--words", R"(["two"])");
  bound.set_json("--fruit", R"("pear")");
  CHECK(fields.flag);
  CHECK(fields.whole == 7);
  CHECK(fields.seed == 42);
  CHECK(fields.share == 1);
  CHECK(fields.shares == std::vector<double>{0.5, 1});
  CHECK(fields.text == "x");
  CHECK(fields.count == 12);
  CHECK(fields.counts == std::vector<std::int64_t>{12, 5'000'000});
  CHECK(fields.duration == 90);
  CHECK(fields.words == std::vector<std::string>{"two"});
  CHECK(fields.fruit == Fruit::kPear);
}

TEST_CASE("a field survives being shown as JSON and read again", "[cli]") {
  const Bound before;
  if (GENERATE(true, false)) {
    before["--count"].from_text("5M");
    before["--counts"].from_text("5M,6M");
    before["--duration"].from_text("90s");
    before["--shares"].from_text("0.5,1");
    before["--text"].from_text("x");
    before["--fruit"].from_text("pear");
  }
  const std::string flag =
      GENERATE("--flag", "--whole-number", "--large", "--seed", "--share", "--shares", "--text",
               "--count", "--counts", "--duration", "--words", "--fruit");
  CAPTURE(flag);
  const std::string shown = before[flag].to_json().dump();
  const Bound after;
  after.set_json(flag, shown);
  CHECK(after[flag].to_json().dump() == shown);
}

TEST_CASE("a text outside its rule is wrong usage that tells option, rule and text", "[cli]") {
  struct Case {
    const char* flag;
    const char* text;
    const char* message;
  };
  const Case wrong = GENERATE(
      Case{"--flag", "maybe", "--flag: must be true or false, got 'maybe'"},
      Case{"--whole-number", "10", "--whole-number: must be a whole number from 1 to 9, got '10'"},
      Case{"--whole-number", "5.9",
           "--whole-number: must be a whole number from 1 to 9, got '5.9'"},
      Case{"--whole-number", "", "--whole-number: must be a whole number from 1 to 9, got ''"},
      Case{"--large", "-1", "--large: must be a whole number of at least 0, got '-1'"},
      Case{"--large", "9223372036854775808",
           "--large: must be a whole number of at least 0, got '9223372036854775808'"},
      Case{"--large", "7x", "--large: must be a whole number of at least 0, got '7x'"},
      Case{"--share", "1.5", "--share: must be a number from 0 to 1, got '1.5'"},
      Case{"--share", "nan", "--share: must be a number from 0 to 1, got 'nan'"},
      Case{"--shares", "0.5,x", "--shares: must be a number from 0 to 1, got 'x'"},
      Case{"--text", "", "--text: must not be empty"},
      Case{"--counts", "5M,fast", "--counts: must be a count such as 5M, got 'fast'"},
      Case{"--words", "two,thre", "--words: must be one, two, got 'thre'"},
      Case{"--fruit", "paer", "--fruit: must be apple, pear, got 'paer', did you mean 'pear'?"});
  const Bound bound;
  CAPTURE(wrong.flag, wrong.text);
  try {
    bound[wrong.flag].from_text(wrong.text);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kUsage);
    CHECK(std::string(error.what()) == wrong.message);
  }
}

TEST_CASE("JSON of another type or outside its rule is bad input", "[cli]") {
  struct Case {
    const char* flag;
    const char* json;
    const char* part;
  };
  const Case wrong = GENERATE(
      Case{"--flag", "1", "true or false, got 1"}, Case{"--whole-number", "5.9", "got 5.9"},
      Case{"--whole-number", R"("5")", "got \"5\""}, Case{"--whole-number", "10", "from 1 to 9"},
      Case{"--share", "2", "from 0 to 1"}, Case{"--shares", "[2]", "from 0 to 1"},
      Case{"--text", "5", "must be a string"}, Case{"--text", R"("")", "must not be empty"},
      Case{"--count", R"("fast")", "such as 5M"}, Case{"--count", "-1", "whole number"},
      Case{"--counts", R"("5M")", "must be an array"},
      Case{"--duration", R"("soon")", "such as 1h30m"}, Case{"--words", R"(["three"])", "three"},
      Case{"--words", "[]", "must name at least one"},
      Case{"--fruit", R"("fig")", "'apple' or 'pear'"});
  const Bound bound;
  CAPTURE(wrong.flag, wrong.json);
  try {
    bound.set_json(wrong.flag, wrong.json);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kBadInput);
    CHECK_THAT(error.what(), Contains(wrong.part));
    CHECK_THAT(error.what(), Contains("c.json: "));
  }
}

}  // namespace enas4d
