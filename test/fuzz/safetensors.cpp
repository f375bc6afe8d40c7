#include "formats/safetensors.h"

#include "fuzz/input_file.h"
#include "fuzz/reader.h"
#include "fuzz/readers.h"
#include "util/hash.h"

namespace enas4d {

void try_safetensors(std::string_view input) {
  static const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  put_file(path, input);
  const SafetensorsFile file(path);
  Sha256 all;
  std::size_t bytes = 0;
  for (const TensorEntry& tensor : file.tensors()) {
    if (file.find(tensor.name) != &tensor) throw Finding("a tensor is not found by its name");
    all.add(tensor.data, tensor.bytes);
    bytes += tensor.bytes;
  }
  if (bytes > input.size()) throw Finding("tensors overlap");
}

}  // namespace enas4d
