#include "formats/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "support/catch.h"
#include "support/peak_memory.h"
#include "support/temporary_folder.h"
#include "util/files.h"
#include "util/hash.h"
#include "util/rng.h"

namespace enas4d {
namespace {

const std::vector<float> kFloats = {1, -2, 3.5F, 0, 5, 6};
const std::vector<std::int64_t> kCounts = {7, -8};
const std::vector<std::uint8_t> kBytes = {9, 8, 7};

std::vector<TensorEntry> some_tensors() {
  return {{"weight", "F32", {2, 3}, kFloats.data(), 24},
          {"bytes", "U8", {3}, kBytes.data(), 3},
          {"empty", "F32", {0, 4}, nullptr, 0},
          {"scalar", "F32", {}, kFloats.data() + 2, 4},
          {"counts", "I64", {2}, kCounts.data(), 16}};
}

Json some_document() {
  Json document = new_document("supernet");
  document["note"] = "é \"quoted\"";
  return document;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

/// A file with this header's entries and our metadata, whose checksum is right.
std::string file_with(const std::string& entries, const std::string& data) {
  const std::string header =
      R"({"__metadata__":{"enas4d":"{}","sha256":")" + sha256(data + "{}") + "\"}" + entries + "}";
  return little_endian(header.size()) + header + data;
}

SafetensorsFile opened(const TemporaryFolder& folder, const std::string& bytes) {
  std::ofstream(folder / "x.safetensors", std::ios::binary) << bytes;  // without fsync: many times
  return SafetensorsFile(folder / "x.safetensors");
}

/// Reads or refuses a file, whichever it is, in memory that fits its size.
void check_reads_or_refuses(const TemporaryFolder& folder, const std::string& bytes) {
  const PeakMemory memory;
  try {
    const SafetensorsFile file = opened(folder, bytes);
    std::size_t sum = 0;
    for (const TensorEntry& tensor : file.tensors()) sum += tensor.bytes;
    REQUIRE(sum < bytes.size());
  } catch (const Error& error) {
    REQUIRE(error.status() == ExitStatus::kBadInput);
    REQUIRE(std::string(error.what()).size() < 500);
  }
  REQUIRE(memory.bytes() < 20'000 + 64 * bytes.size());
}

/// One of the numbers at which sums and products turn over, or a small one.
std::string hostile_number(Rng& rng) {
  const std::vector<std::string> numbers = {"-1",
                                            "-9223372036854775808",
                                            "9223372036854775807",
                                            "9223372036854775808",
                                            "4294967296",
                                            "4611686018427387904",
                                            "18446744073709551615",
                                            "1e30",
                                            "2147483648",
                                            "-4",
                                            "0.5"};
  return rng.chance(0.3) ? rng.pick(numbers) : std::to_string(rng.below(9));
}

std::string hostile_list(Rng& rng, std::size_t length) {
  std::vector<std::string> numbers;
  while (numbers.size() < length) numbers.push_back(hostile_number(rng));
  return fmt::format("[{}]", fmt::join(numbers, ","));
}

}  // namespace

TEST_CASE("tensors and document are read as they were written", "[formats][safetensors]") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_safetensors(path, some_document(), some_tensors());
  SafetensorsFile original(path);
  const SafetensorsFile file = std::move(original);

  CHECK(file.path() == path);
  CHECK(file.document().raw() == some_document());
  CHECK(file.document().source() == path);
  REQUIRE(file.tensors().size() == some_tensors().size());
  CHECK(std::is_sorted(file.tensors().begin(), file.tensors().end(),
                       [](const auto& a, const auto& b) { return a.name < b.name; }));
  for (const TensorEntry& written : some_tensors()) {
    CAPTURE(written.name);
    const TensorEntry* read = file.find(written.name);
    REQUIRE(read != nullptr);
    CHECK(read->dtype == written.dtype);
    CHECK(read->shape == written.shape);
    REQUIRE(read->bytes == written.bytes);
    CHECK((read->bytes == 0 || std::memcmp(read->data, written.data, read->bytes) == 0));
  }
  CHECK(file.find("weigh") == nullptr);
  CHECK(file.find("zzz") == nullptr);
}

TEST_CASE("the layout is that of the format's own description", "[formats][safetensors]") {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", Json::object(), some_tensors());
  const std::string bytes = read_file(folder / "x.safetensors");
  const std::size_t length =
      static_cast<unsigned char>(bytes[0]) + 256U * static_cast<unsigned char>(bytes[1]);
  CHECK((8 + length) % 64 == 0);
  const std::string data = bytes.substr(8 + length);
  const Json header = Json::parse(bytes.substr(8, length));
  CHECK(header["__metadata__"]["enas4d"] == "{}");
  CHECK(header["__metadata__"]["sha256"] == sha256(data + "{}"));
  CHECK(header["counts"] == Json::parse(R"({"dtype":"I64","shape":[2],"data_offsets":[0,16]})"));
  CHECK(header["weight"] == Json::parse(R"({"dtype":"F32","shape":[2,3],"data_offsets":[20,44]})"));
  CHECK(header["bytes"] == Json::parse(R"({"dtype":"U8","shape":[3],"data_offsets":[44,47]})"));
  CHECK(data.size() == 47);
}

TEST_CASE("tensors lie aligned for their type, whatever their order", "[formats][safetensors]") {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", some_document(), some_tensors());
  const SafetensorsFile file(folder / "x.safetensors");
  for (const TensorEntry& tensor : file.tensors()) {
    const std::uintptr_t width = tensor.dtype == "I64" ? 8 : tensor.dtype == "F32" ? 4 : 1;
    CHECK(reinterpret_cast<std::uintptr_t>(tensor.data) % width == 0);
  }
}

TEST_CASE("equal content makes equal files, in any order of tensors", "[formats][safetensors]") {
  const TemporaryFolder folder;
  std::vector<TensorEntry> tensors = some_tensors();
  write_safetensors(folder / "a", some_document(), tensors);
  std::reverse(tensors.begin(), tensors.end());
  write_safetensors(folder / "b", some_document(), tensors);
  CHECK(read_file(folder / "a") == read_file(folder / "b"));
}

TEST_CASE("the file before is kept if asked", "[formats][safetensors]") {
  const TemporaryFolder folder;
  for (const int step : {1, 2}) {
    write_safetensors(folder / "x", {{"step", step}}, {}, Previous::kKept);
  }
  CHECK(SafetensorsFile(folder / "x").document().raw()["step"] == 2);
  CHECK(SafetensorsFile(folder / "x.previous").document().raw()["step"] == 1);
}

TEST_CASE("a file cut anywhere is refused", "[formats][safetensors]") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_safetensors(path, some_document(), some_tensors());
  for (std::size_t size = read_file(path).size(); size-- > 0;) {
    CAPTURE(size);
    std::filesystem::resize_file(path, size);
    CHECK_THROWS_WITH(
        SafetensorsFile(path),
        Contains(path + (size == 0 ? ": is empty" : fmt::format(": is cut: {}", size))));
  }
}

TEST_CASE("a bit flipped anywhere is refused or changes no byte of tensors and document",
          "[formats][safetensors]") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_safetensors(path, some_document(), some_tensors());
  const std::string whole = read_file(path);
  const std::size_t data_begin = whole.size() - 47;
  std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto put = [&](std::size_t place, int byte) {
    stream.seekp(static_cast<std::streamoff>(place)).put(static_cast<char>(byte)).flush();
  };
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    put(i, whole[i] ^ (1 << (i % 8)));
    try {
      const SafetensorsFile file(path);
      REQUIRE(i < data_begin);  // a name, a type of equal width: for the reader of the tensors
      REQUIRE(file.document().raw() == some_document());
    } catch (const Error& error) {
      REQUIRE(error.status() == ExitStatus::kBadInput);
      const std::string message = error.what();
      REQUIRE((i < data_begin || message == path + ": checksum differs: the file is damaged"));
    }
    put(i, whole[i]);
  }
}

TEST_CASE("a wrong entry is refused by the rule that it breaks", "[formats][safetensors]") {
  const auto [entry, message] = GENERATE(table<std::string, std::string>({
      {R"({"dtype":"BF16","shape":[2],"data_offsets":[0,4]})",
       "/a/dtype: must be 'F32', 'F64', 'I32', 'I64' or 'U8', got \"BF16\""},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})",
       "/a/shape: must fill its 4 bytes with F32 elements, got [2]"},
      {R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})",
       "/a/shape/0: must be a whole number"},
      {R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})",
       "/a/shape/0: must be a whole number"},
      {R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]})",
       "/a/shape: must fill its 4 bytes"},
      {R"({"dtype":"F32","shape":[4294967296,4294967296,1],"data_offsets":[0,0]})",
       "/a/shape: must fill its 0 bytes"},
      {R"({"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]})",
       "/a/shape: must have at most 16 dimensions"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[-4,0]})",
       "/a/data_offsets/0: must be a whole"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", "/a/data_offsets/1: must be a whole"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]})",
       "must fit in 64 bits"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[0]})", "/a/data_offsets: must be two offsets"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})",
       "/a/data_offsets: must begin at 0, where the one before ends, got [4,8]"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})",
       "/b/data_offsets: must begin at 4"},
      {R"({"dtype":"U8","shape":[3],"data_offsets":[0,3]})", "has 1 bytes after its last tensor"},
      {R"({"dtype":"U8","shape":[9],"data_offsets":[0,9]})", "is cut: "},
      {R"({"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]})",
       "is cut: "},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1})", "/a: unknown key 'extra'"},
      {R"({"dtype":"F32","data_offsets":[0,4]})", "/a: missing key 'shape'"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{})", "key 'a' stands twice"},
      {"7", "/a: must be an object, got 7"},
  }));
  CAPTURE(entry);
  const TemporaryFolder folder;
  CHECK_NOTHROW(opened(
      folder, file_with(R"(,"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})", "data")));
  CHECK_THROWS_WITH(opened(folder, file_with(",\"a\":" + entry, "data")), Contains(message));
}

TEST_CASE("a hostile header is refused before anything is allocated", "[formats][safetensors]") {
  const TemporaryFolder folder;
  const std::uint64_t length = GENERATE(std::uint64_t{100'000'001}, std::uint64_t{1} << 63,
                                        ~std::uint64_t{0}, ~std::uint64_t{0} - 7);
  CHECK_THROWS_WITH(opened(folder, little_endian(length) + "{}"),
                    Contains("is not a safetensors file: header of " + std::to_string(length)));
  const std::string deep(100'000, '[');
  CHECK_THROWS_WITH(opened(folder, little_endian(deep.size()) + deep),
                    Contains("must not nest deeper"));
}

TEST_CASE("sizes and offsets of any value are read or refused in memory that fits the file",
          "[formats][safetensors]") {
  const TemporaryFolder folder;
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    std::string entries;
    for (const char* name : {"a", "b"}) {
      entries += fmt::format(R"(,"{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name,
                             rng.chance(0.5) ? "F32" : "U8", hostile_list(rng, rng.below(4)),
                             hostile_list(rng, 2));
    }
    CAPTURE(entries);
    check_reads_or_refuses(folder, file_with(entries, "datadata"));
  }
}

TEST_CASE("long names, shapes and lists of offsets take no more memory than their text suggests",
          "[formats][safetensors]") {
  const TemporaryFolder folder;
  const std::string name(30'000, 'n');
  std::string zeros = "0";
  for (int i = 0; i < 15'000; ++i) zeros += ",0";
  const auto [shape, offsets] = GENERATE_COPY(table<std::string, std::string>({
      {zeros, "0,0"},
      {"0", zeros},
      {"0", "1,0"},
  }));
  check_reads_or_refuses(
      folder, file_with(fmt::format(R"(,"{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{}]}})",
                                    name, shape, offsets),
                        ""));
}

TEST_CASE("a file of other programs is told apart", "[formats][safetensors]") {
  const TemporaryFolder folder;
  const std::string header = GENERATE(
      "{}",
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})",
      R"({"__metadata__":{"enas4d":"{}"}})");
  CHECK_THROWS_WITH(opened(folder, little_endian(header.size()) + header),
                    Contains("x.safetensors: was not written by enas4d"));
}

TEST_CASE("what is no file is told", "[formats][safetensors]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(SafetensorsFile(folder / "absent"),
                    Contains("absent: cannot be read: No such file or directory"));
  CHECK_THROWS_WITH(SafetensorsFile(folder.path()), Contains("cannot be read: Is a directory"));
}

}  // namespace enas4d
