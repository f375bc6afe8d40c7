#include "formats/data_description.h"
#include "fuzz/read_back.h"
#include "fuzz/readers.h"

namespace enas4d {

/// The `data` of a supernet's, a checkpoint's or a subnet's document.
void try_data_description(std::string_view input) {
  read_back(JsonValue::parse(input, "data"), read_data_description,
            [](const DataDescription& data) { return to_json(data).dump(); });
}

}  // namespace enas4d
