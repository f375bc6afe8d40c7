#include "search/journal.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include "search/evaluation_file.h"
#include "search/small_search.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {
namespace {

JournalKey key_of(const Space& space) {
  return {space_hash(space), "cccc", "dddd", "eeee"};
}

struct JournalFixture {
  TemporaryFolder folder;
  Space space = small_space();
  FakeEvaluator evaluator{space};
  std::string directory = folder.path() + "/journal";
  std::string lines = directory + "/journal.jsonl";

  Journal open() const { return Journal(directory, key_of(space)); }
  void append(Journal& journal, const Spec& spec) const {
    journal.append(spec, evaluator.evaluation_of(spec));
  }
  std::string table_of(const Spec& spec) const {
    return directory + "/tables/" + spec_hash(spec) + ".table";
  }
};

TEST_CASE("a journal that is opened again knows every evaluation to the bit", "[search]") {
  const JournalFixture f;
  const Spec small = smallest(f.space), large = largest(f.space);
  {
    Journal journal = f.open();
    CHECK(journal.size() == 0);
    CHECK_FALSE(journal.find(small));
    f.append(journal, small);
    CHECK(journal.find(small));
    f.append(journal, large);
  }
  const Journal journal = f.open();
  CHECK(journal.size() == 2);
  for (const Spec& spec : {small, large}) {
    REQUIRE(journal.find(spec));
    CHECK(same_evaluation(std::get<Evaluation>(*journal.find(spec)),
                          f.evaluator.evaluation_of(spec)));
  }
}

TEST_CASE("a journal keeps why a network could not be measured", "[search]") {
  const JournalFixture f;
  f.open().append(smallest(f.space), Failure{"exit 1 gave a logit that is not finite"});
  const Journal journal = f.open();
  CHECK(journal.size() == 1);
  REQUIRE(journal.find(smallest(f.space)));
  CHECK(std::get<Failure>(*journal.find(smallest(f.space))).reason ==
        "exit 1 gave a logit that is not finite");
}

TEST_CASE("a journal is refused to another key, which is named", "[search]") {
  const JournalFixture f;
  f.open();
  JournalKey key = key_of(f.space);
  key.checkpoint = "ffff";
  CHECK_THROWS_WITH(Journal(f.directory, key),
                    Contains("journal.jsonl:1: is the journal of another checkpoint") &&
                        Contains("cccc") && Contains("ffff"));
  key = key_of(f.space);
  key.calibration = "ffff";
  CHECK_THROWS_WITH(Journal(f.directory, key), Contains("another calibration"));
}

TEST_CASE("who is refused for another key leaves the journal to those who have it", "[search]") {
  const JournalFixture f;
  Journal first(f.directory, key_of(f.space), {1, 2});
  JournalKey key = key_of(f.space);
  key.checkpoint = "ffff";
  for (const Shard& other : {Shard{2, 2}, Shard{}}) {
    CHECK_THROWS_WITH(Journal(f.directory, key, other), Contains("another checkpoint"));
    CHECK_NOTHROW(first.refresh());
    CHECK_NOTHROW(Journal(f.directory, key_of(f.space), other));
  }
}

TEST_CASE("a journal takes in what another shard writes, line by line", "[search]") {
  const JournalFixture f;
  Journal first(f.directory, key_of(f.space), {1, 2}), second(f.directory, key_of(f.space), {2, 2});
  f.append(first, largest(f.space));
  f.append(second, smallest(f.space));
  f.append(second, largest(f.space));
  CHECK(first.size() == 1);
  for (int i = 0; i < 2; ++i) {
    first.refresh();
    CHECK(first.size() == 2);
  }
  CHECK(Journal(f.directory, key_of(f.space)).size() == 2);
}

TEST_CASE("of two processes that evaluated one spec the first to tell stands, for both",
          "[search]") {
  const JournalFixture f;
  const Shard other_shard = GENERATE(Shard{2, 2}, Shard{});
  Journal first(f.directory, key_of(f.space), {1, 2});
  Journal second(f.directory, key_of(f.space), other_shard);
  const Spec spec = smallest(f.space);
  const Evaluation evaluation = f.evaluator.evaluation_of(spec);
  Evaluation other = evaluation;  // as another processor rounds
  for (float& confidence : other.table.exits[0].confidence[0]) confidence *= 0.999F;
  REQUIRE_FALSE(same_evaluation(other, evaluation));
  first.append(spec, evaluation);
  CHECK(same_evaluation(std::get<Evaluation>(second.append(spec, other)), evaluation));
  CHECK(same_evaluation(std::get<Evaluation>(*first.find(spec)), evaluation));
}

TEST_CASE("a file that is no journal is refused and left as it is", "[search]") {
  const JournalFixture f;
  const std::string text = GENERATE(R"({"mine": 1})", "notes\nof mine");
  make_directories(f.directory);
  write_file(f.lines, text);
  CHECK_THROWS_AS(f.open(), Error);
  CHECK(read_file(f.lines) == text);
}

TEST_CASE("MACs that cannot be added up are refused", "[search]") {
  const JournalFixture f;
  const Spec spec = smallest(f.space);
  Evaluation evaluation = f.evaluator.evaluation_of(spec);
  evaluation.macs.cumulative.back() = std::int64_t{1} << 62;
  Journal journal = f.open();
  journal.append(spec, evaluation);
  CHECK_THROWS_WITH(journal.find(spec), Contains("more MACs than can be added up"));
}

TEST_CASE("an exit alone may cost less than an earlier one", "[search]") {
  const JournalFixture f;
  const Spec spec = smallest(f.space);
  Evaluation evaluation = f.evaluator.evaluation_of(spec);
  std::reverse(evaluation.macs.alone.begin(), evaluation.macs.alone.end());
  Journal journal = f.open();
  journal.append(spec, evaluation);
  REQUIRE(journal.find(spec));
  CHECK(same_evaluation(std::get<Evaluation>(*journal.find(spec)), evaluation));
}

TEST_CASE("a journal whose key breaks lines is refused in one line", "[search]") {
  const JournalFixture f;
  JournalKey key = key_of(f.space);
  key.data = "d\nd";
  Journal(f.directory, key);
  CHECK_THROWS_WITH(f.open(), Contains("another data (d\\nd"));
}

TEST_CASE("what else lies in a journal's folder is left alone", "[search]") {
  const JournalFixture f;
  f.open().append(smallest(f.space), Failure{"none"});
  for (const char* name : {"front.jsonl", "journal-old.jsonl", "journal-1-of-2.jsonl.jsonl"}) {
    write_file(f.directory + "/" + name, "no journal\n");
  }
  CHECK(f.open().size() == 1);
  CHECK(Journal(f.directory, key_of(f.space), {2, 3}).size() == 1);
}

TEST_CASE("a journal has one owner", "[search]") {
  const JournalFixture f;
  const Journal journal = f.open();
  CHECK_THROWS_AS(f.open(), Error);
}

TEST_CASE("a torn last line is cut off, a broken one in the middle is an error", "[search]") {
  const JournalFixture f;
  {
    Journal journal = f.open();
    f.append(journal, smallest(f.space));
    f.append(journal, largest(f.space));
  }
  const std::string whole = read_file(f.lines);
  write_file(f.lines, whole.substr(0, whole.size() - 9));
  {
    Journal journal = f.open();
    CHECK(journal.size() == 1);
    CHECK_FALSE(journal.find(largest(f.space)));
    f.append(journal, largest(f.space));
  }
  CHECK(read_file(f.lines) == whole);

  std::string broken = whole;
  broken[whole.find('\n') + 5] = '!';
  write_file(f.lines, broken);
  CHECK_THROWS_WITH(f.open(), Contains("journal.jsonl:2"));

  write_file(f.lines, whole.substr(0, 10));  // killed while the first line was written
  CHECK(f.open().size() == 0);
}

TEST_CASE("a line about another space is refused", "[search]") {
  const JournalFixture f;
  {
    Journal journal = f.open();
    f.append(journal, smallest(f.space));
  }
  std::string text = read_file(f.lines);
  const std::size_t second_line = text.find('\n');
  text[text.find(space_hash(f.space), second_line)] = 'x';
  write_file(f.lines, text);
  CHECK_THROWS_WITH(f.open(), Contains("journal.jsonl:2: is of another space"));
}

TEST_CASE("a damaged, cut or missing evaluation is refused", "[search]") {
  const JournalFixture f;
  const Spec spec = smallest(f.space);
  Journal journal = f.open();
  f.append(journal, spec);
  const std::string path = f.table_of(spec);
  const std::string whole = read_file(path);

  const std::size_t at = GENERATE(0U, 9U, 12U, 20U, 60U, 300U, 1500U);
  CAPTURE(at);
  REQUIRE(at < whole.size());
  std::string damaged = whole;
  damaged[at] = static_cast<char>(damaged[at] ^ 1);
  write_file(path, damaged);
  CHECK_THROWS_WITH(journal.find(spec), Contains(path));
  write_file(path, whole.substr(0, at));
  CHECK_THROWS_WITH(journal.find(spec), Contains(path));
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(journal.find(spec), Contains(path));
}

}  // namespace
}  // namespace enas4d
