#include "util/mapped_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {

MappedFile::MappedFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  bool mapped = descriptor >= 0 && ::fstat(descriptor, &status) == 0;
  int error_number = errno;
  if (mapped && !S_ISREG(status.st_mode)) {
    mapped = false;
    error_number = S_ISDIR(status.st_mode) ? EISDIR : ESPIPE;
  }
  if (mapped && status.st_size > 0) {
    size_ = static_cast<std::size_t>(status.st_size);
    start_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    mapped = start_ != MAP_FAILED;
    error_number = errno;
  }
  if (descriptor >= 0) ::close(descriptor);  // the mapping stays
  if (mapped) return;
  throw bad_input(path,
                  fmt::format("cannot be read: {}", std::generic_category().message(error_number)));
}

MappedFile::~MappedFile() {
  if (start_ != nullptr) ::munmap(start_, size_);
}

}  // namespace enas4d
