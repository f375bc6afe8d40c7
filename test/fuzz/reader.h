// All that reads bytes which a stranger may have made, as functions of those bytes. libFuzzer's
// programs try made-up inputs on them, the core's tests those that are kept in
// test/data/corpus/NAME.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace enas4d {

struct Reader {
  const char* name;
  /// Reads `input` as the programs do and looks at all of the result. Throws Error where the input
  /// breaks its format, Finding where the program is wrong.
  void (*read)(std::string_view input);
  std::size_t most_memory;      ///< bytes that it may take for an empty input,
  std::size_t memory_per_byte;  ///< and for each byte of one
};

const std::vector<Reader>& readers();

/// What a reader must never do.
struct Finding : std::logic_error {
  using std::logic_error::logic_error;
};

/// Reads `input`, which may be refused in one line. Throws Finding if more memory was taken than
/// is allowed for an input of this size, or if the refusal is no clear line; lets through every
/// other exception.
void check_input(const Reader& reader, std::string_view input);

}  // namespace enas4d
