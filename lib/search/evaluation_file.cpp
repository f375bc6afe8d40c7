#include "search/evaluation_file.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "arch/space.h"
#include "util/error.h"
#include "util/files.h"
#include "util/hash.h"

namespace enas4d {
namespace {

constexpr std::string_view kMagic = "enas4d-t";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kDigestSize = 64;
// Far beyond any data set; keeps the arithmetic on sizes small.
constexpr std::uint64_t kMostImages = 1u << 30;

template <class Number>
using BitsOf = std::conditional_t<sizeof(Number) == 8, std::uint64_t, std::uint32_t>;

template <class Number>
void put(std::string& out, Number value) {
  BitsOf<Number> bits;
  static_assert(sizeof(bits) == sizeof(value));
  std::memcpy(&bits, &value, sizeof(bits));
  for (std::size_t i = 0; i < sizeof(bits); ++i) {
    out += static_cast<char>(static_cast<unsigned char>(bits >> (8 * i)));
  }
}

template <class Number>
void put_all(std::string& out, const std::vector<Number>& values) {
  for (const Number value : values) put(out, value);
}

/// Takes numbers off the front. The caller has checked that they are there.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number take() {
    assert(bytes_.size() >= sizeof(Number));
    BitsOf<Number> bits = 0;
    for (std::size_t i = 0; i < sizeof(bits); ++i) {
      bits |= static_cast<BitsOf<Number>>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
    }
    bytes_.remove_prefix(sizeof(bits));
    Number value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

  template <class Number>
  std::vector<Number> take_all(std::size_t count) {
    std::vector<Number> values(count);
    for (Number& value : values) value = take<Number>();
    return values;
  }

 private:
  std::string_view bytes_;
};

constexpr std::size_t kHeaderSize = kMagic.size() + 3 * 4 + 2 * 8;

struct Sizes {
  std::size_t stages, images;

  std::size_t file() const {
    return kHeaderSize + stages * 2 * 8 + images * 4 * (1 + stages * (1 + kConfidences)) +
           kDigestSize;
  }
};

template <class Number>
void require_range(const std::string& path, const std::vector<Number>& values, Number least,
                   Number most) {
  for (const Number value : values) {
    if (least <= value && value <= most) continue;
    throw bad_input(
        path, fmt::format("must hold numbers from {} to {} here, got {}", least, most, value));
  }
}

ExitTable read_table(const std::string& path, Cursor& cursor, int classes, Sizes sizes) {
  ExitTable table;
  table.classes = classes;
  table.labels = cursor.take_all<std::int32_t>(sizes.images);
  require_range(path, table.labels, 0, classes - 1);
  table.exits.resize(sizes.stages);
  for (ExitTable::Exit& exit : table.exits) {
    exit.predicted = cursor.take_all<std::int32_t>(sizes.images);
    require_range(path, exit.predicted, 0, classes - 1);
    for (std::vector<float>& confidence : exit.confidence) {
      confidence = cursor.take_all<float>(sizes.images);
      require_range(path, confidence, 0.0F, 1.0F);
    }
  }
  return table;
}

/// Those of an exit alone need not rise: a later one may have fewer features.
ExitMacs read_macs(const std::string& path, Cursor& cursor, const Sizes& sizes) {
  ExitMacs macs;
  macs.cumulative = cursor.take_all<std::int64_t>(sizes.stages);
  macs.alone = cursor.take_all<std::int64_t>(sizes.stages);
  std::int64_t before = 0;
  for (const std::int64_t exit : macs.cumulative) {
    if (exit <= before) throw bad_input(path, "must hold MACs that rise from exit to exit");
    before = exit;
  }
  require_range(path, macs.alone, std::int64_t{1}, macs.cumulative.back());
  // All images' MACs are added up.
  if (macs.cumulative.back() > INT64_MAX / static_cast<std::int64_t>(sizes.images + 1))
    throw bad_input(path, "holds more MACs than can be added up");
  return macs;
}

}  // namespace

void write_evaluation(const std::string& path, const Evaluation& evaluation) {
  const ExitTable& table = evaluation.table;
  std::string bytes(kMagic);
  const Sizes sizes = {table.exits.size(), table.labels.size()};
  bytes.reserve(sizes.file());
  put(bytes, kVersion);
  put(bytes, static_cast<std::uint32_t>(table.classes));
  put(bytes, static_cast<std::uint32_t>(sizes.stages));
  put(bytes, static_cast<std::uint64_t>(sizes.images));
  put(bytes, evaluation.params);
  put_all(bytes, evaluation.macs.cumulative);
  put_all(bytes, evaluation.macs.alone);
  put_all(bytes, table.labels);
  for (const ExitTable::Exit& exit : table.exits) {
    put_all(bytes, exit.predicted);
    for (const std::vector<float>& confidence : exit.confidence) put_all(bytes, confidence);
  }
  bytes += sha256(bytes);
  assert(bytes.size() == sizes.file() && "all columns of a table have one length");
  write_file(path, bytes);
}

Evaluation read_evaluation(const std::string& path) {
  const std::string bytes = read_file(path);
  const std::string_view all = bytes;
  if (all.substr(0, kMagic.size()) != kMagic || all.size() < kHeaderSize + kDigestSize) {
    throw bad_input(path, "must be an evaluation that the search journal wrote");
  }
  const std::string_view content = all.substr(0, all.size() - kDigestSize);
  Cursor cursor(content.substr(kMagic.size()));
  const auto version = cursor.take<std::uint32_t>();
  if (version != kVersion) {
    throw bad_input(path, fmt::format("must be of version {}, got {}", kVersion, version));
  }
  if (sha256(content) != all.substr(content.size())) {
    throw bad_input(path, "must match its checksum: the file is damaged");
  }
  const auto classes = cursor.take<std::uint32_t>();
  const auto stages = cursor.take<std::uint32_t>();
  const auto images = cursor.take<std::uint64_t>();
  if (classes < 1 || classes > INT32_MAX || stages < 1 || stages > kMaxStages || images < 1 ||
      images > kMostImages) {
    throw bad_input(path, fmt::format("must not have {} classes, {} stages and {} images", classes,
                                      stages, images));
  }
  const Sizes sizes = {stages, static_cast<std::size_t>(images)};
  if (bytes.size() != sizes.file()) {
    throw bad_input(path, fmt::format("must have {} bytes, got {}", sizes.file(), bytes.size()));
  }
  Evaluation evaluation;
  evaluation.params = cursor.take<std::int64_t>();
  evaluation.macs = read_macs(path, cursor, sizes);
  evaluation.table = read_table(path, cursor, static_cast<int>(classes), sizes);
  return evaluation;
}

}  // namespace enas4d
