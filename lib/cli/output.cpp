#include "cli/output.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {
namespace {

constexpr std::size_t kOutputBlock = 1 << 16;

}  // namespace

Output::Output(const std::string& path, std::ostream& out) : out_(out) {
  if (!path.empty() && path != "-") file_.emplace(path);
}

void Output::line(std::string_view text) {
  buffer_.append(text);
  buffer_.push_back('\n');
  if (buffer_.size() >= kOutputBlock) flush();
}

void Output::flush() {
  if (file_) {
    file_->write(buffer_);
  } else {
    errno = 0;
    out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    check_standard_output(out_);
  }
  buffer_.clear();
}

void Output::finish() {
  flush();
  if (file_) file_->commit();
}

std::string Output::finish_partly() {
  flush();
  const std::string name = file_ ? file_->commit_partly() : "";
  return name.empty() ? "" : ", in " + name;
}

void check_standard_output(std::ostream& out) {
  if (out) {
    errno = 0;
    out.flush();
  }
  if (out) return;
  const int reason = errno;
  throw failed(reason == 0 ? "standard output: cannot be written"
                           : fmt::format("standard output: cannot be written: {}",
                                         std::generic_category().message(reason)));
}

}  // namespace enas4d
