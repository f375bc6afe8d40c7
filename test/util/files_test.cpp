#include "util/files.h"

#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"

namespace enas4d {
namespace {

namespace fs = std::filesystem;

std::size_t entries_in(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

/// Files can grow to `bytes` only while it lives: the nearest thing to a disk that fills up.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  sighandler_t handler_;
  rlimit before_ = {};
};

}  // namespace

TEST_CASE("what is written is read back", "[util][files]") {
  const TemporaryFolder folder;
  const std::size_t size = GENERATE(0U, 1U, 4095U, 4096U, 4097U, 100000U);
  CAPTURE(size);
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i % 251);
  write_file(folder / "file", text);
  CHECK(read_file(folder / "file") == text);
  CHECK(read_file(folder / "file", 5) == text.substr(0, 5));
  CHECK(read_file(folder / "file", text.size() + 1) == text);
  CHECK(entries_in(folder) == 1);
}

TEST_CASE("a file that tells no size is read whole", "[util][files]") {
  CHECK(!read_file("/proc/self/status").empty());
}

TEST_CASE("what cannot be read is named with the reason", "[util][files]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_file(folder / "absent"),
                    folder / "absent" + ": cannot be read: No such file or directory");
  CHECK_THROWS_WITH(read_file(folder.path()), folder.path() + ": cannot be read: Is a directory");
}

TEST_CASE("until commit the old content stands, and without it nothing is left", "[util][files]") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
    CHECK(read_file(path) == "old");
    const bool commit = GENERATE(false, true);
    CAPTURE(commit);
    if (commit) file.commit();
    CHECK(read_file(path) == (commit ? "new" : "old"));
  }
  CHECK(entries_in(folder) == 1);
}

TEST_CASE("a file that is being written has no name that a killed process could leave",
          "[util][files]") {
  const TemporaryFolder folder;
  const int probe = ::open(folder.path().c_str(), O_TMPFILE | O_WRONLY, 0666);
  if (probe < 0) return;  // not on this file system
  ::close(probe);
  AtomicFile file(folder / "file");
  file.write("text");
  CHECK(entries_in(folder) == 0);
  file.commit();
  CHECK(read_file(folder / "file") == "text");
  CHECK(entries_in(folder) == 1);
}

TEST_CASE("the file before is kept under its own name if asked", "[util][files]") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  for (const std::string text : {"first", "second", "third"}) {
    AtomicFile file(path);
    file.write(text);
    file.commit(Previous::kKept);
  }
  CHECK(read_file(path) == "third");
  CHECK(read_file(path + ".previous") == "second");
  CHECK(entries_in(folder) == 2);
}

TEST_CASE("two writers of one file do not meet", "[util][files]") {
  const TemporaryFolder folder;
  AtomicFile one(folder / "file"), two(folder / "file");
  one.write("one");
  two.write("two");
  two.commit();
  CHECK(read_file(folder / "file") == "two");
  one.commit();
  CHECK(read_file(folder / "file") == "one");
}

TEST_CASE("a link stays and its target is replaced", "[util][files]") {
  const TemporaryFolder folder;
  write_file(folder / "target", "old");
  fs::create_symlink("target", folder / "link");
  write_file(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(read_file(folder / "target") == "new");
}

TEST_CASE("a device is written to, not replaced", "[util][files]") {
  write_file("/dev/null", "text");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a full disk is told", "[util][files]") {
  const std::string message = "/dev/full: cannot be written: No space left on device";
  CHECK_THROWS_WITH(write_file("/dev/full", "text"), message);
  AppendFile file("/dev/full");
  CHECK_THROWS_WITH(file.append("line"), message);
}

TEST_CASE("a write that fails half-way leaves the old file and nothing else", "[util][files]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "old");
  {
    const FileSizeLimit limit(1000);
    CHECK_THROWS_WITH(write_file(folder / "file", std::string(2000, 'x')),
                      folder / "file" + ": cannot be written: File too large");
  }
  CHECK(read_file(folder / "file") == "old");
  CHECK(entries_in(folder) == 1);
}

TEST_CASE("a line that did not fit leaves no beginning behind", "[util][files]") {
  const TemporaryFolder folder;
  AppendFile file(folder / "log");
  file.append("one");
  {
    const FileSizeLimit limit(1000);
    CHECK_THROWS_AS(file.append(std::string(2000, 'x')), Error);
  }
  file.append("two");
  CHECK(read_file(folder / "log") == "one\ntwo\n");
}

TEST_CASE("a target that cannot be is told, with the status of failed work", "[util][files]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(write_file(folder / "absent/file", "text"),
                    folder / "absent/file" + ": cannot be written: No such file or directory");
  CHECK_THROWS_WITH(write_file(folder.path(), "text"),
                    folder.path() + ": cannot be written: Is a directory");
  CHECK_THROWS_WITH(AppendFile(folder.path()),
                    folder.path() + ": cannot be written: Is a directory");
  try {
    write_file(folder.path(), "text");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kFailed);
  }
  CHECK(entries_in(folder) == 0);
}

TEST_CASE("lines are appended one after the other, also by a later process", "[util][files]") {
  const TemporaryFolder folder;
  AppendFile(folder / "log").append("one");
  AppendFile file(folder / "log");
  file.append("two");
  file.append("");
  CHECK(read_file(folder / "log") == "one\ntwo\n\n");
}

TEST_CASE("a torn last line is cut by the next one, and not before", "[util][files]") {
  const TemporaryFolder folder;
  const std::string whole = GENERATE("", "one\n", "one\ntwo\n");
  const std::size_t torn = GENERATE(0U, 1U, 4095U, 4096U, 10000U);
  CAPTURE(whole, torn);
  write_file(folder / "log", whole + std::string(torn, 'x'));
  AppendFile(folder / "log").append("next");
  CHECK(read_file(folder / "log") == whole + "next\n");
}

TEST_CASE("a lock keeps others out until it is released", "[util][files]") {
  const TemporaryFolder folder;
  const std::string path = folder / "lock";
  {
    const FileLock lock(path);
    CHECK_THROWS_WITH(FileLock(path),
                      Contains(fmt::format("{}: held by process {} on host ", path, getpid())));
  }
  CHECK_NOTHROW(FileLock(path));
}

TEST_CASE("who waits for a lock may give up, and gets it once it is free", "[util][files]") {
  const TemporaryFolder folder;
  const std::string path = folder / "lock";
  struct GivenUp {};
  auto held = std::make_unique<FileLock>(path);
  CHECK_THROWS_AS(FileLock(path, [] { throw GivenUp{}; }), GivenUp);
  int pauses = 0;
  const FileLock waited(path, [&] {
    if (++pauses == 2) held.reset();
  });
  CHECK(pauses == 2);
}

TEST_CASE("who waits for a lock whose holder removes it locks the file that is there then",
          "[util][files]") {
  const TemporaryFolder folder;
  const std::string path = folder / "lock";
  auto held = std::make_unique<FileLock>(path);
  const FileLock waited(path, [&] {
    fs::remove(path);
    held.reset();
  });
  CHECK(file_exists(path));
  CHECK(is_locked(path));
}

TEST_CASE("only what a killed writer of the file left is removed", "[util][files]") {
  const TemporaryFolder folder;
  const std::vector<std::string> kept = {"net",       "net.previous",  "net.12.0.tmp.txt",
                                         "net.a.tmp", "other.1.0.tmp", "net.tmp"};
  for (const std::string& name : kept) write_file(folder / name, "");
  write_file(folder / "net.123.0.tmp", "");
  remove_unfinished(folder / "net");
  CHECK_FALSE(file_exists(folder / "net.123.0.tmp"));
  for (const std::string& name : kept) CHECK(file_exists(folder / name));
}

TEST_CASE("a lock is released by the death of its process", "[util][files]") {
  const TemporaryFolder folder;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const FileLock lock(folder / "lock");
    _exit(0);  // without the destructor
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WEXITSTATUS(status) == 0);
  CHECK(file_exists(folder / "lock"));
  CHECK_NOTHROW(FileLock(folder / "lock"));
}

TEST_CASE("folders are made with their parents, and again", "[util][files]") {
  const TemporaryFolder folder;
  make_directories(folder / "a/b/c");
  make_directories(folder / "a/b/c");
  CHECK(fs::is_directory(folder / "a/b/c"));
  write_file(folder / "file", "");
  CHECK_THROWS_WITH(make_directories(folder / "file/d"),
                    Contains("file/d: cannot be made: Not a directory"));
}

}  // namespace enas4d
