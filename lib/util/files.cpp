#include "util/files.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {
namespace fs = std::filesystem;
namespace {

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

Error cannot_be_written(const std::string& path) {
  return failed(fmt::format("{}: cannot be written: {}", path, reason(errno)));
}

Error cannot_be_read(const std::string& path) {
  return bad_input(path, fmt::format("cannot be read: {}", reason(errno)));
}

/// Owns a descriptor for the length of a function.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// False with errno set if not everything could be written.
bool write_all(int descriptor, const void* bytes, std::size_t size) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = ::write(descriptor, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    next += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

/// Pipes and devices cannot be synced and need not be.
bool sync(int descriptor) {
  return ::fsync(descriptor) == 0 || errno == EINVAL;
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string link_to(int descriptor) {
  return fmt::format("/proc/self/fd/{}", descriptor);
}

/// A file beside `path` that vanishes with its process; -1 where there are none, or where it could
/// not be given a name.
int open_nameless(const std::string& path) {
  Descriptor file(::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
  if (file.number() < 0 || ::access(link_to(file.number()).c_str(), F_OK) != 0) return -1;
  return file.release();
}

/// The first temporary name of `path` that `take` takes; empty, with errno set, if it fails but for
/// names that are taken.
template <class Take>
std::string taken_name(const std::string& path, const Take& take) {
  // The number tells apart two writers in this process, and steps over what a killed one left.
  for (int number = 0;; ++number) {
    std::string name = fmt::format("{}.{}.{}.tmp", path, ::getpid(), number);
    if (take(name.c_str())) return name;
    if (errno != EEXIST) return "";
  }
}

/// A link is followed, so that the file is replaced where it really lies.
std::string link_target(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target.string();
}

/// Keeps `path` under a second name. Where the file system knows no hard links it is renamed
/// instead.
bool keep_as(const std::string& path, const std::string& previous) {
  const std::string link = previous + ".tmp";
  ::unlink(link.c_str());
  if (::link(path.c_str(), link.c_str()) == 0) return ::rename(link.c_str(), previous.c_str()) == 0;
  if (errno == ENOENT) return true;  // there is no previous file yet
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK && errno != ENOSYS) return false;
  return ::rename(path.c_str(), previous.c_str()) == 0;
}

/// Where the last whole line ends: after the last newline, or at 0.
off_t end_of_last_line(int descriptor, off_t size) {
  std::array<char, 4096> block;
  while (size > 0) {
    const off_t start = std::max<off_t>(0, size - static_cast<off_t>(block.size()));
    const ssize_t got =
        ::pread(descriptor, block.data(), static_cast<std::size_t>(size - start), start);
    if (got <= 0) return -1;
    const std::string_view seen(block.data(), static_cast<std::size_t>(got));
    const std::size_t newline = seen.rfind('\n');
    if (newline != std::string_view::npos) return start + static_cast<off_t>(newline) + 1;
    size = start;
  }
  return 0;
}

/// "123 on host node7" out of the lock file's "123 node7".
std::string lock_holder(int descriptor) {
  std::array<char, 300> text;
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string_view content(text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  const std::size_t space = content.find(' '), end = content.find('\n');
  if (space == std::string_view::npos || end == std::string_view::npos || end < space) {
    return "another process";  // it has not written its name yet
  }
  return fmt::format("process {} on host {}", content.substr(0, space),
                     content.substr(space + 1, end - space - 1));
}

}  // namespace

std::string read_file(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) throw cannot_be_read(path);
  constexpr std::size_t kLeastBuffer = 4096;
  const std::size_t expected = static_cast<std::size_t>(status.st_size) + kLeastBuffer;
  std::string content(std::min(most, expected), '\0');
  std::size_t filled = 0;
  while (filled < most) {
    if (filled == content.size()) content.resize(std::min(most, 2 * content.size()));
    const ssize_t got = ::read(file.number(), &content[filled], content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw cannot_be_read(path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  content.resize(filled);
  return content;
}

std::size_t size_now(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) throw cannot_be_read(path);
  return static_cast<std::size_t>(status.st_size);
}

AtomicFile::AtomicFile(std::string path)
    : path_(link_target(path)), replaces_(!is_special_file(path_)) {
  descriptor_ = replaces_ ? open_nameless(path_) : ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (replaces_ && descriptor_ < 0) {
    temporary_ = taken_name(path_, [&](const char* name) {
      descriptor_ = ::open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      return descriptor_ >= 0;
    });
  }
  if (descriptor_ < 0) throw cannot_be_written(path_);
}

std::string AtomicFile::commit_partly() {
  if (replaces_) path_ += ".partial";
  commit();
  return replaces_ ? path_ : "";
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* bytes, std::size_t size) {
  assert(descriptor_ >= 0 && "not after commit");
  if (!write_all(descriptor_, bytes, size)) throw cannot_be_written(path_);
}

void AtomicFile::commit(Previous previous) {
  assert(descriptor_ >= 0 && "once");
  const auto require = [&](bool done) {
    if (!done) throw cannot_be_written(path_);
  };
  require(sync(descriptor_));
  if (replaces_ && temporary_.empty()) {
    const std::string nameless = link_to(descriptor_);
    temporary_ = taken_name(path_, [&](const char* name) {
      return ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
    });
    require(!temporary_.empty());
  }
  require(::close(std::exchange(descriptor_, -1)) == 0);
  if (!replaces_) return;
  require(previous == Previous::kDropped || keep_as(path_, path_ + ".previous"));
  require(::rename(temporary_.c_str(), path_.c_str()) == 0);
  temporary_.clear();
  require(sync_folder_of(path_));
}

bool sync_folder_of(const std::string& path) {
  const Descriptor opened(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.number() >= 0 && sync(opened.number());
}

void write_file(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

AppendFile::AppendFile(const std::string& path) : path_(path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  struct stat status = {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) throw cannot_be_written(path_);
  if (S_ISREG(status.st_mode)) {
    const off_t end = end_of_last_line(file.number(), status.st_size);
    if (end < 0) throw cannot_be_written(path_);
    if (end < status.st_size) torn_at_ = end;
  }
  descriptor_ = file.release();
}

AppendFile::~AppendFile() {
  ::close(descriptor_);
}

void AppendFile::append(std::string_view line) {
  assert(line.find('\n') == std::string_view::npos);
  if (torn_at_ && ::ftruncate(descriptor_, *torn_at_) != 0) throw cannot_be_written(path_);
  torn_at_.reset();
  struct stat before = {};
  ::fstat(descriptor_, &before);
  if (write_all(descriptor_, fmt::format("{}\n", line).data(), line.size() + 1) &&
      sync(descriptor_)) {
    return;
  }
  const Error error = cannot_be_written(path_);
  // What got through of the line must not become the beginning of the next one.
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, before.st_size);
  throw error;
}

FileLock::FileLock(const std::string& path, const std::function<void()>& while_waiting,
                   const std::string& note) {
  while (!take(path, while_waiting, note)) continue;
}

/// False if the file that is locked now is not the one at `path` any more: its holder has removed
/// it.
bool FileLock::take(const std::string& path, const std::function<void()>& while_waiting,
                    const std::string& note) {
  constexpr auto kPause = std::chrono::milliseconds(50);
  constexpr int kTries = 3;
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.number() < 0) throw cannot_be_written(path);
  for (int tries = 0; ::flock(file.number(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) {
      throw failed(fmt::format("{}: cannot be locked: {}", path, reason(errno)));
    }
    if (while_waiting) {
      while_waiting();
    } else if (tries == kTries) {
      throw failed(fmt::format("{}: held by {}", path, lock_holder(file.number())));
    }
    std::this_thread::sleep_for(kPause);
  }
  struct stat locked = {}, there = {};
  if (::fstat(file.number(), &locked) != 0 || ::stat(path.c_str(), &there) != 0 ||
      locked.st_dev != there.st_dev || locked.st_ino != there.st_ino) {
    return false;
  }
  std::array<char, 256> host = {};
  ::gethostname(host.data(), host.size() - 1);
  const std::string holder = fmt::format("{} {}\n{}\n", ::getpid(), host.data(), note);
  if (::ftruncate(file.number(), 0) != 0 ||
      !write_all(file.number(), holder.data(), holder.size())) {
    throw cannot_be_written(path);
  }
  descriptor_ = file.release();
  return true;
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

bool is_locked(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.number() >= 0 && ::flock(file.number(), LOCK_SH | LOCK_NB) != 0 &&
         errno == EWOULDBLOCK;
}

std::string lock_note(const std::string& path) {
  if (!is_locked(path)) return "";
  const std::string text = read_file(path);
  const std::size_t begin = text.find('\n') + 1;  // 0 if nothing is written yet
  const std::size_t end = text.find('\n', begin);
  return begin == 0 || end == std::string::npos ? "" : text.substr(begin, end - begin);
}

void remove_unfinished(const std::string& path) {
  const fs::path whole(path);
  const std::string begin = whole.filename().string() + ".", end = ".tmp";
  const auto is_unfinished = [&](const std::string& name) {
    return name.size() > begin.size() + end.size() && name.compare(0, begin.size(), begin) == 0 &&
           name.find_first_not_of("0123456789.", begin.size()) == name.size() - end.size() + 1 &&
           name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(whole.parent_path(), error)) {
    // What cannot be removed does no harm.
    if (is_unfinished(entry.path().filename().string())) fs::remove(entry.path(), error);
  }
}

void make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw failed(fmt::format("{}: cannot be made: {}", path, error.message()));
}

bool is_special_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status);
}

bool file_exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string whole_path(const std::string& path) {
  std::error_code error;
  const auto from_root = std::filesystem::current_path(error) / path;
  const auto whole = std::filesystem::weakly_canonical(from_root, error);
  return error ? path : whole.string();
}

}  // namespace enas4d
