#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "util/error.h"
#include "util/files.h"
#include "util/hash.h"
#include "util/mapped_file.h"

namespace enas4d {
namespace {

const std::vector<std::string> kDtypes = {"F32", "F64", "I32", "I64", "U8"};
constexpr std::array<std::int64_t, 5> kElementBytes = {4, 8, 4, 8, 1};
constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // as in the format's own reader
constexpr std::int64_t kMostBytes = std::numeric_limits<std::int64_t>::max();

std::int64_t element_bytes(const std::string& dtype) {
  const auto found = std::find(kDtypes.begin(), kDtypes.end(), dtype);
  assert(found != kDtypes.end());
  return kElementBytes[static_cast<std::size_t>(found - kDtypes.begin())];
}

/// Nothing if it does not fit in 64 bits.
std::optional<std::int64_t> tensor_bytes(const std::string& dtype,
                                         const std::vector<std::int64_t>& shape) {
  std::int64_t bytes = element_bytes(dtype);
  for (const std::int64_t length : shape) {
    if (__builtin_mul_overflow(bytes, length, &bytes)) return std::nullopt;
  }
  return bytes;
}

/// In the order of the file: wide elements first, so that each tensor is aligned, then by name.
std::vector<const TensorEntry*> in_file_order(const std::vector<TensorEntry>& tensors) {
  std::vector<const TensorEntry*> order;
  for (const TensorEntry& tensor : tensors) {
    assert(tensor_bytes(tensor.dtype, tensor.shape) == static_cast<std::int64_t>(tensor.bytes));
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const TensorEntry* a, const TensorEntry* b) {
    const auto width_a = element_bytes(a->dtype), width_b = element_bytes(b->dtype);
    return width_a != width_b ? width_a > width_b : a->name < b->name;
  });
  return order;
}

std::string header_text(const std::vector<const TensorEntry*>& tensors, const std::string& document,
                        const std::string& digest) {
  std::string text = fmt::format(R"({{"{}":{{"enas4d":{},"sha256":"{}"}})", kMetadata,
                                 Json(document).dump(), digest);
  std::size_t offset = 0;
  for (const TensorEntry* tensor : tensors) {
    text += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                        Json(tensor->name).dump(), tensor->dtype, fmt::join(tensor->shape, ","),
                        offset, offset + tensor->bytes);
    offset += tensor->bytes;
  }
  text += '}';
  constexpr std::size_t kAlignment = 64;  // of the first tensor in the file
  const std::size_t used = (kLengthBytes + text.size()) % kAlignment;
  return text.append((kAlignment - used) % kAlignment, ' ');
}

std::string checksum_of(std::string_view tensor_data, const std::string& document) {
  Sha256 hash;
  hash.add(tensor_data);
  hash.add(document);
  return hash.digest();
}

std::string_view header_of(std::string_view file, const std::string& path) {
  if (file.empty()) throw bad_input(path, "is empty");
  if (file.size() < kLengthBytes) {
    throw bad_input(path, fmt::format("is cut: {} bytes where the header's length has {}",
                                      file.size(), kLengthBytes));
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(file[i]);
  }
  if (length > kLongestHeader) {
    throw bad_input(path, fmt::format("is not a safetensors file: header of {} bytes", length));
  }
  if (length > file.size() - kLengthBytes) {
    throw bad_input(path, fmt::format("is cut: {} bytes where the header alone ends at {}",
                                      file.size(), kLengthBytes + length));
  }
  return file.substr(kLengthBytes, length);
}

/// Our document as text; `digest` gets the checksum that stands beside it.
std::string read_metadata(JsonObject& entries, const std::string& path, std::string& digest) {
  if (const auto metadata = entries.optional(kMetadata)) {
    JsonObject object = metadata->object();
    const auto document = object.optional("enas4d"), checksum = object.optional("sha256");
    if (document && checksum) {
      digest = checksum->text();
      return document->text();
    }
  }
  throw bad_input(path, "was not written by enas4d");
}

struct PlacedTensor {
  TensorEntry entry;
  JsonValue offsets;  ///< for messages
  std::int64_t begin, end;
};

/// Of a tensor. Counted before they are looked at one by one, which takes fifty times their text.
std::vector<std::int64_t> read_shape(const JsonValue& value) {
  constexpr std::size_t kMostDimensions = 16;
  if (value.raw().size() > kMostDimensions) {
    throw value.error(fmt::format("must have at most {} dimensions", kMostDimensions));
  }
  std::vector<std::int64_t> shape;
  for (const JsonValue& length : value.items()) shape.push_back(length.whole(0, kMostBytes));
  return shape;
}

PlacedTensor read_entry(const std::string& name, const JsonValue& value) {
  JsonObject object = value.object();
  TensorEntry entry;
  entry.name = name;
  entry.dtype = kDtypes[object.required("dtype").word(kDtypes)];
  const JsonValue shape = object.required("shape");
  entry.shape = read_shape(shape);
  const JsonValue offsets = object.required("data_offsets");
  object.finish();
  if (offsets.raw().size() != 2) throw offsets.error("must be two offsets");
  const std::vector<JsonValue> ends = offsets.items();
  const std::int64_t begin = ends[0].whole(0, kMostBytes), end = ends[1].whole(begin, kMostBytes);
  const auto bytes = tensor_bytes(entry.dtype, entry.shape);
  if (!bytes || *bytes != end - begin) {
    throw shape.error(
        fmt::format("must fill its {} bytes with {} elements", end - begin, entry.dtype));
  }
  entry.bytes = static_cast<std::size_t>(*bytes);
  return {std::move(entry), offsets, begin, end};
}

/// Sets where each tensor's bytes lie: end to end, from the first byte of `data` to the last.
void place(std::vector<PlacedTensor>& tensors, std::string_view data, std::size_t header_end,
           const std::string& path) {
  std::sort(tensors.begin(), tensors.end(), [](const PlacedTensor& a, const PlacedTensor& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::int64_t end = 0;
  for (const PlacedTensor& tensor : tensors) {
    if (tensor.begin != end) {
      throw tensor.offsets.error(fmt::format("must begin at {}, where the one before ends", end));
    }
    end = tensor.end;
  }
  const auto size = static_cast<std::uint64_t>(end);
  if (data.size() < size) {
    throw bad_input(path, fmt::format("is cut: {} bytes where the header asks for {}",
                                      header_end + data.size(), header_end + size));
  }
  if (data.size() > size) {
    throw bad_input(path, fmt::format("has {} bytes after its last tensor", data.size() - size));
  }
  for (PlacedTensor& tensor : tensors) tensor.entry.data = data.data() + tensor.begin;
}

}  // namespace

void write_safetensors(const std::string& path, const Json& document,
                       const std::vector<TensorEntry>& tensors, Previous previous) {
  const std::vector<const TensorEntry*> order = in_file_order(tensors);
  const std::string text = document.dump();
  Sha256 hash;
  for (const TensorEntry* tensor : order) hash.add(tensor->data, tensor->bytes);
  hash.add(text);
  const std::string header = header_text(order, text, hash.digest());
  std::string length;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  }
  AtomicFile file(path);
  file.write(length);
  file.write(header);
  for (const TensorEntry* tensor : order) file.write(tensor->data, tensor->bytes);
  file.commit(previous);
}

struct SafetensorsFile::State {
  State(const std::string& file_path) : path(file_path), mapping(file_path) {}

  std::string path;
  MappedFile mapping;
  std::string sha256;
  std::optional<JsonValue> document;
  std::vector<TensorEntry> tensors;
};

SafetensorsFile::SafetensorsFile(const std::string& path) : state_(std::make_unique<State>(path)) {
  const std::string_view file = state_->mapping.bytes();
  const std::string_view header = header_of(file, path);
  const std::size_t header_end = kLengthBytes + header.size();
  JsonObject entries = JsonValue::parse(header, path).object();
  const std::string text = read_metadata(entries, path, state_->sha256);
  std::vector<PlacedTensor> placed;
  for (const auto& [name, value] : entries.entries()) {
    if (name != kMetadata) placed.push_back(read_entry(name, value));
  }
  place(placed, file.substr(header_end), header_end, path);
  if (checksum_of(file.substr(header_end), text) != state_->sha256) {
    throw bad_input(path, "checksum differs: the file is damaged");
  }
  state_->document = JsonValue::parse(text, path);
  for (PlacedTensor& tensor : placed) state_->tensors.push_back(std::move(tensor.entry));
  std::sort(state_->tensors.begin(), state_->tensors.end(),
            [](const TensorEntry& a, const TensorEntry& b) { return a.name < b.name; });
}

SafetensorsFile::~SafetensorsFile() = default;

SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;

const std::string& SafetensorsFile::path() const {
  return state_->path;
}

JsonValue SafetensorsFile::document() const {
  return *state_->document;
}

const std::string& SafetensorsFile::sha256() const {
  return state_->sha256;
}

const std::vector<TensorEntry>& SafetensorsFile::tensors() const {
  return state_->tensors;
}

const TensorEntry* SafetensorsFile::find(const std::string& name) const {
  const auto found = std::lower_bound(
      state_->tensors.begin(), state_->tensors.end(), name,
      [](const TensorEntry& entry, const std::string& wanted) { return entry.name < wanted; });
  return found != state_->tensors.end() && found->name == name ? &*found : nullptr;
}

}  // namespace enas4d
