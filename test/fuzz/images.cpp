// JPEG, PNG and PPM files, one at a time and as an image folder of one.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "formats/image_decoder.h"
#include "formats/image_set.h"
#include "fuzz/input_file.h"
#include "fuzz/reader.h"
#include "fuzz/readers.h"
#include "support/peak_memory.h"

namespace enas4d {

namespace {

/// A few bytes may promise a hundred million pixels. Filling those shows nothing new.
bool is_quickly_decoded(const ImageHeader& header) {
  return std::int64_t{header.height} * header.width <= 1'000'000;
}

}  // namespace

void try_image(std::string_view input) {
  const ImageHeader header = read_image_header(input, "image");
  if (!is_quickly_decoded(header)) return;
  for (const DecodeOptions& options : {DecodeOptions{3, 0}, {1, 0}, {3, 5}}) {
    const PeakMemory memory;
    const Image image = decode_image(input, "image", options);
    if (image.channels != options.channels) throw Finding("decoded to other channels");
    constexpr std::uint64_t kSmall = 4096;  // messages, and what malloc rounds up
    const std::uint64_t allowed = decoding_memory(header, options) + kSmall;
    if (memory.bytes() > allowed) {
      throw Finding(fmt::format("decoding took {} bytes, {} were told", memory.bytes(), allowed));
    }
  }
}

void try_image_folder(std::string_view input) {
  static const TemporaryFolder folder;
  if (!is_quickly_decoded(read_image_header(input, "image"))) return;
  std::filesystem::create_directories(folder / "data/train/class");
  put_file(folder / "data/train/class/x.jpg", input);
  ReadOptions options;
  options.resolution = 8;
  options.cache = folder / "cache";
  options.most_unreadable = 1;
  // Another input may have its size and its time.
  std::filesystem::remove_all(options.cache);
  const ImageSet images = read_image_folder(folder / "data", options).train;
  const ImageView image = images.image(0);
  if (std::min(image.height, image.width) > 10 || std::max(image.height, image.width) > 30) {
    throw Finding(fmt::format("kept as {} x {}", image.height, image.width));
  }
}

}  // namespace enas4d
