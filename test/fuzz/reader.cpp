#include "fuzz/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "fuzz/readers.h"
#include "support/peak_memory.h"
#include "util/error.h"

namespace enas4d {
namespace {

void require_one_line(const std::string& message) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  if (!std::any_of(message.begin(), message.end(), is_control)) return;
  throw Finding("refused in more than a line: " + message);
}

}  // namespace

const std::vector<Reader>& readers() {
  constexpr std::size_t kMiB = 1 << 20;
  // A JSON value is 24 bytes for the 2 of "1,", and as much again while a list of them grows.
  constexpr std::size_t kJson = 64;
  // What deflate makes of a byte, three times while the list of bytes grows.
  constexpr std::size_t kDeflate = 3 * 1032;
  static const std::vector<Reader> all = {
      {"cifar", try_cifar, kMiB, 8},
      {"config", try_config, kMiB, kJson},
      {"data-descriptions", try_data_description, kMiB, kJson},
      {"documents", try_document, 16 * kMiB, kJson},  // a few bytes may stand for a large network
      {"evaluations", try_evaluation, kMiB, 8},
      {"idx", try_idx, 4 * kMiB, kDeflate},
      {"image-folders", try_image_folder, 16 * kMiB, 8},
      {"image-packs", try_image_pack, kMiB, kJson},
      {"images", try_image, 16 * kMiB, 8},
      {"journals", try_journal, kMiB, kJson},
      {"records", try_records, kMiB, kJson},
      {"safetensors", try_safetensors, kMiB, kJson},
  };
  return all;
}

void check_input(const Reader& reader, std::string_view input) {
  const PeakMemory memory;
  try {
    reader.read(input);
  } catch (const Error& error) {
    require_one_line(error.what());
  }
  const std::size_t allowed = reader.most_memory + reader.memory_per_byte * input.size();
  if (memory.bytes() <= allowed) return;
  throw Finding(fmt::format("took {} bytes for an input of {}, for which {} are allowed",
                            memory.bytes(), input.size(), allowed));
}

}  // namespace enas4d
