// safetensors: 8 bytes of little-endian header length, that many bytes of JSON
// {name: {dtype, shape, data_offsets}}, then the tensor bytes without gaps. Readable from Python,
// no pickle. Ours carry in __metadata__ "enas4d" (a JSON document as text) and "sha256" (of the
// tensor bytes as they lie in the file, then that text), which is verified on load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "util/files.h"
#include "util/json.h"

namespace enas4d {

struct TensorEntry {
  std::string name;
  std::string dtype;  ///< "F32", "F64", "I32", "I64", "U8"
  std::vector<std::int64_t> shape;
  /// When writing: the caller's bytes. When reading: inside the file's mapping, aligned for its
  /// type in files that we wrote.
  const void* data = nullptr;
  std::size_t bytes = 0;
};

/// Writes `path` atomically. `document` goes to the key enas4d.
void write_safetensors(const std::string& path, const Json& document,
                       const std::vector<TensorEntry>& tensors,
                       Previous previous = Previous::kDropped);

/// A file read and checked: lengths, offsets (inside the file, no gap or overlap), dtypes, shapes
/// against sizes, checksum. Memory is bounded by the file's size. Throws Error (bad input) that
/// names the rule.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;

  const std::string& path() const;
  JsonValue document() const;  ///< the enas4d document; its source is the path
  const std::string& sha256() const;
  const std::vector<TensorEntry>& tensors() const;  ///< by name
  const TensorEntry* find(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace enas4d
