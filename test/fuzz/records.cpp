#include "fuzz/read_back.h"
#include "fuzz/readers.h"
#include "search/record.h"
#include "support/spaces.h"

namespace enas4d {

void try_records(std::string_view input) {
  for (const Record& record : read_records(std::string(input), "records")) {
    read_back(JsonValue::parse(to_line(record), "line"), read_record, to_line);
    const Space space = pencil_space(static_cast<int>(record.spec.stages.size()));
    if (fits(space, record.spec)) describe(space, "", record.spec);
  }
}

}  // namespace enas4d
