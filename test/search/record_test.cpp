#include "search/record.h"

#include <sstream>
#include <string>

#include "search/small_search.h"
#include "support/catch.h"
#include "support/examples.h"
#include "util/error.h"

namespace enas4d {
namespace {

Record full_record(const Space& space) {
  Record record = describe(space, space_hash(space), smallest(space));
  record.policy = Policy{Confidence::kMargin, {0.1 + 0.2}, std::nullopt};
  record.val = Outcome{8, 1, {0.25, 0.875}, {0.5, 0.5}, 123456.7};
  record.test = Outcome{4, 0, {0, 0}, {0, 1}, 5};
  record.hashes = {{"data", "a \"name\""}, {"checkpoint", "c"}};
  return record;
}

std::string lines_of(const std::string& a, const std::string& b) {
  return a + "\n\n" + b + "\n";
}

TEST_CASE("a record line has its keys in order, and only those that are known", "[search]") {
  const Space space = tiny_space();
  const Spec spec = smallest(space);
  Record record;
  record.spec = spec;
  const std::string spec_text = spec_object(spec).dump();
  CHECK(to_line(record) == R"({"format":"enas4d/record","version":1,"spec":)" + spec_text + "}");

  record = full_record(space);
  const std::string macs = std::to_string(record.macs[0]) + "," + std::to_string(record.macs[1]);
  CHECK(to_line(record) ==
        R"({"format":"enas4d/record","version":1,"space":")" + record.space + R"(","spec":)" +
            spec_text + R"(,"macs":[)" + macs + R"(],"params":)" + std::to_string(*record.params) +
            R"(,"policy":{"confidence":"margin","thresholds":[0.30000000000000004]})"
            R"(,"val":{"images":8,"accuracy":1.0,"exit_accuracy":[0.25,0.875],)"
            R"("exit_share":[0.5,0.5],"average_macs":123456.7})"
            R"(,"test":{"images":4,"accuracy":0.0,"exit_accuracy":[0.0,0.0],)"
            R"("exit_share":[0.0,1.0],"average_macs":5.0})"
            R"(,"hashes":{"checkpoint":"c","data":"a \"name\""}})");
}

TEST_CASE("a record survives its line", "[search]") {
  const Space space = tiny_space();
  const std::string line = to_line(full_record(space));
  const auto records = read_records(line, "r.jsonl");
  REQUIRE(records.size() == 1);
  CHECK(to_line(records[0]) == line);
}

TEST_CASE("a described spec has its plan's costs", "[search]") {
  const Space space = small_space();
  const Plan plan = lower(space, largest(space));
  const Record record = describe(space, "h", largest(space));
  CHECK(record.macs == exit_macs(plan).cumulative);
  CHECK(record.params == parameters(plan));
  CHECK(record.space == "h");
}

TEST_CASE("one document over many lines and one a line are both read", "[search]") {
  const Space space = tiny_space();
  const Record record = describe(space, space_hash(space), largest(space));
  const std::string pretty = Json::parse(to_line(record)).dump(2);
  CHECK(to_line(read_records("\n" + pretty + "\n", "r.json").at(0)) == to_line(record));
  const auto spec_document = to_json(smallest(space)).dump(1);
  CHECK(read_records(spec_document, "s.json").at(0).spec == smallest(space));

  const auto records =
      read_records(lines_of(to_line(record), to_json(smallest(space)).dump() + "\r"), "s.jsonl");
  REQUIRE(records.size() == 2);
  CHECK(records[1].spec == smallest(space));
  CHECK(read_records(" \n\n", "empty").empty());
}

TEST_CASE("of records within a budget the most accurate is taken, of equal ones the cheapest",
          "[search]") {
  const auto measured = [](double accuracy, double average_macs) {
    Record record;
    record.val = Outcome{100, accuracy, {}, {}, average_macs};
    return record;
  };
  const std::vector<Record> records = {Record{}, measured(0.9, 50), measured(0.8, 10),
                                       measured(0.9, 40), measured(0.95, 70)};
  CHECK(best_within(records, 69) == &records[3]);
  CHECK(best_within(records, 70) == &records[4]);
  CHECK(best_within(records, 10) == &records[2]);
  CHECK(best_within(records, 9) == nullptr);
  CHECK(cheapest_on_val(records) == &records[2]);
  CHECK(cheapest_on_val({Record{}}) == nullptr);
}

TEST_CASE("a broken record is named by its line and place", "[search]") {
  const Space space = tiny_space();
  const std::string good = to_line(describe(space, space_hash(space), smallest(space)));
  const auto broken_second_line = [&](const std::string& from, const std::string& to) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    return lines_of(good, bad);  // on line 3
  };
  const auto read = [](const std::string& text) { return read_records(text, "s.jsonl"); };
  CHECK_THROWS_WITH(read(lines_of(good, "{")), Contains("s.jsonl:3"));
  CHECK_THROWS_WITH(read(broken_second_line("\"params\"", "\"param\"")),
                    Contains("s.jsonl:3") && Contains("'params'"));
  CHECK_THROWS_WITH(read(broken_second_line("\"macs\":[", "\"macs\":[1,")),
                    Contains("s.jsonl:3: /macs: must have 2 entries"));
  CHECK_THROWS_WITH(read(broken_second_line("\"kernel\":3", "\"kernel\":3.5")),
                    Contains("s.jsonl:3: /spec/stages/0/units/0/blocks/0/kernel"));
  CHECK_THROWS_WITH(read(broken_second_line("enas4d/record", "enas4d/recipe")),
                    Contains("s.jsonl:3"));
}

TEST_CASE("records are read from a stream and checked against the space", "[search]") {
  const Space space = tiny_space();
  const Space other = small_space();
  const Record record = describe(space, space_hash(space), smallest(space));
  const auto read = [](const Record& line, const Space* in_space) {
    std::istringstream in(to_line(line) + "\n");
    return read_records_from("-", in, in_space);
  };
  CHECK(read(record, &space).size() == 1);
  CHECK(read(record, nullptr).size() == 1);
  CHECK_THROWS_WITH(read(record, &other),
                    Contains("standard input:1: /space: is of another space"));
  Record hostile = record;
  hostile.space = "a\nb";
  CHECK_THROWS_WITH(read(hostile, &space), Contains("another space (a\\nb"));

  Record outside = describe(other, "", largest(other));
  CHECK_THROWS_WITH(read(outside, &space),
                    Contains("standard input:1: /spec/resolution: must be 16"));
}

TEST_CASE("examples of records are read, or refused with their recorded message", "[search]") {
  check_valid_examples("record", read_record);
  check_invalid_examples("record", read_record);
}

}  // namespace
}  // namespace enas4d
