// Files that are whole or absent: read whole, written beside the target, synced, renamed. Locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace enas4d {

constexpr std::size_t kWholeFile = std::numeric_limits<std::size_t>::max();

/// The content, or its first bytes. Throws Error (bad input): "path: cannot be read: No such file
/// or directory".
std::string read_file(const std::string& path, std::size_t most = kWholeFile);

/// Writes `path` so that a reader sees the old content or the whole new one, never a part: a file
/// in the same folder, fsync, rename, fsync of the folder. Until commit() the file has no name, so
/// that a killed process leaves nothing; where the file system knows no such files it is
/// "path.PID.NUMBER.tmp". A failure removes it and throws Error (failed). A link is followed; a
/// device or pipe is written directly.
/// What becomes of the file that another one replaces.
enum class Previous {
  kDropped,
  kKept,  ///< as "path.previous" (a hard link, so that the path never vanishes)
};

class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();  ///< without commit(): nothing is left
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit(Previous previous = Previous::kDropped);
  /// Of content that is not whole: as "path.partial", while `path` stays as it is. Its name, empty
  /// where all was written directly.
  std::string commit_partly();

 private:
  std::string path_;
  bool replaces_;          ///< false: written directly
  std::string temporary_;  ///< empty = it has no name yet
  int descriptor_ = -1;
};

void write_file(const std::string& path, std::string_view text);

/// Appends whole lines to a file; each line is on disk (fsync) when append() returns. A torn last
/// line that an earlier process left is cut off by the first of them: until then the file may turn
/// out to be somebody else's.
class AppendFile {
 public:
  explicit AppendFile(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  void append(std::string_view line);  ///< without its newline

 private:
  std::string path_;
  int descriptor_ = -1;
  std::optional<std::int64_t> torn_at_;  ///< where such a line begins
};

/// An exclusive advisory lock on `path` (flock; made if absent), held for the object's life; the
/// file tells pid and host, and on a second line `note`. If another process has it: waits, and
/// calls `while_waiting` a few times a second, which may throw; without that function throws Error
/// (failed) that names the holder, after a moment: somebody may just have looked with is_locked().
class FileLock {
 public:
  explicit FileLock(const std::string& path, const std::function<void()>& while_waiting = {},
                    const std::string& note = "");
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  bool take(const std::string& path, const std::function<void()>& while_waiting,
            const std::string& note);

  int descriptor_ = -1;
};

/// Whether some process holds a FileLock on `path`.
bool is_locked(const std::string& path);
/// Of the FileLock that some process holds on `path`; empty if none does. One that was taken this
/// very moment may still tell the note before.
std::string lock_note(const std::string& path);

/// Removes what killed processes left when they wrote `path` as an AtomicFile. Only for the holder
/// of a lock that all writers take.
void remove_unfinished(const std::string& path);

/// Makes the folder and its parents. Throws Error (failed).
void make_directories(const std::string& path);
bool file_exists(const std::string& path);
/// That files were renamed to or removed from the folder of `path` outlasts a power cut then.
/// False if it could not be synced.
bool sync_folder_of(const std::string& path);
/// In bytes, at this moment also on a network file system: it is opened to be looked at. Throws
/// Error (bad input).
std::size_t size_now(const std::string& path);
/// A device, pipe or folder: nothing that could be replaced by renaming.
bool is_special_file(const std::string& path);

/// Without links and dots, as far as there are folders; what cannot be said is said by who opens
/// it.
std::string whole_path(const std::string& path);

}  // namespace enas4d
