// libFuzzer's program. Environment: ENAS4D_READER names the reader to try, see scripts/fuzz.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fuzz/reader.h"

namespace enas4d {
namespace {

const Reader& chosen_reader() {
  const char* name = std::getenv("ENAS4D_READER");
  const std::string_view wanted = name == nullptr ? "" : name;
  const auto found = std::find_if(readers().begin(), readers().end(),
                                  [&](const Reader& reader) { return reader.name == wanted; });
  if (found != readers().end()) return *found;
  std::fputs("ENAS4D_READER must be one of:", stderr);
  for (const Reader& reader : readers()) std::fprintf(stderr, " %s", reader.name);
  std::fputs("\n", stderr);
  std::exit(2);
}

}  // namespace
}  // namespace enas4d

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const enas4d::Reader& reader = enas4d::chosen_reader();
  enas4d::check_input(reader, {reinterpret_cast<const char*>(bytes), size});
  return 0;
}
