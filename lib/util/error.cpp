#include "util/error.h"

#include <fmt/format.h>

namespace enas4d {

Error failed(const std::string& message) {
  return {ExitStatus::kFailed, message};
}

Error usage_error(const std::string& message) {
  return {ExitStatus::kUsage, message};
}

Error impossible(const std::string& message) {
  return {ExitStatus::kImpossible, message};
}

Error bad_input(std::string_view place, std::string_view rule) {
  return {ExitStatus::kBadInput, fmt::format("{}: {}", place, rule)};
}

}  // namespace enas4d
