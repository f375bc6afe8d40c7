// Layout: pixels | entries | JSON text | tail, which tells the sizes of the three.
#include "formats/image_pack.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>

#include "util/error.h"
#include "util/json.h"

namespace enas4d {
namespace {

constexpr std::array<char, 8> kPackMagic = {'E', '4', 'D', 'P', 'A', 'C', 'K', '1'};

struct PackTail {
  std::uint64_t pixel_bytes, entries, text_bytes;
  std::array<char, 8> magic;
};
static_assert(sizeof(PackTail) == 32 && sizeof(ImagePack::Entry) == 16, "no holes in the file");

PackDescription read_pack_description(const JsonValue& document) {
  JsonObject object = open_document(document, "images");
  PackDescription description;
  description.key = object.required("key").text();
  description.hash = object.required("hash").text();
  description.channels = object.required("channels").small_whole(1, 3);
  for (const JsonValue& reason : object.required("unreadable").items()) {
    description.unreadable.push_back(reason.text());
  }
  object.finish();
  return description;
}

std::string pack_text(const PackDescription& description) {
  Json document = new_document("images");
  document["key"] = description.key;
  document["hash"] = description.hash;
  document["channels"] = description.channels;
  document["unreadable"] = description.unreadable;
  // File names need not be UTF-8.
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::shared_ptr<const ImagePack> ImagePack::open(const std::string& path, const std::string& key,
                                                 std::size_t classes) {
  if (!file_exists(path)) return nullptr;
  std::shared_ptr<ImagePack> pack(new ImagePack(path));
  return pack->read_index(key, classes) ? pack : nullptr;
}

bool ImagePack::read_index(const std::string& key, std::size_t classes) {
  const std::string_view bytes = file_.bytes();
  PackTail tail = {};
  if (bytes.size() < sizeof tail) return false;
  std::memcpy(&tail, bytes.data() + bytes.size() - sizeof tail, sizeof tail);
  const std::uint64_t before_tail = bytes.size() - sizeof tail;
  if (tail.magic != kPackMagic || tail.entries > before_tail / sizeof(Entry) ||
      tail.pixel_bytes > before_tail || tail.text_bytes > before_tail ||
      tail.pixel_bytes + tail.entries * sizeof(Entry) + tail.text_bytes != before_tail) {
    return false;
  }
  entries_.resize(tail.entries);
  if (!entries_.empty()) {
    std::memcpy(entries_.data(), bytes.data() + tail.pixel_bytes, tail.entries * sizeof(Entry));
  }
  try {
    const std::string_view text = bytes.substr(before_tail - tail.text_bytes, tail.text_bytes);
    description_ = read_pack_description(JsonValue::parse(text, "pack"));
  } catch (const Error&) {
    return false;  // a cache: made again
  }
  return description_.key == key && entries_fit(tail.pixel_bytes, classes);
}

bool ImagePack::entries_fit(std::uint64_t pixel_bytes, std::size_t classes) const {
  return std::all_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    const std::uint64_t size = std::uint64_t{entry.height} * entry.width *
                               static_cast<std::uint64_t>(description_.channels);
    const bool label_fits = entry.label >= 0 && static_cast<std::size_t>(entry.label) < classes;
    return label_fits && size > 0 && size <= pixel_bytes && entry.offset <= pixel_bytes - size;
  });
}

ImageView ImagePack::image(std::size_t index) const {
  const Entry& entry = entries_[index];
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(file_.bytes().data()) + entry.offset;
  return interleaved_view(pixels, description_.channels, entry.height, entry.width);
}

void PackWriter::add(const Image& image, std::int32_t label) {
  [[maybe_unused]] constexpr int kLongestSide = std::numeric_limits<std::uint16_t>::max();
  assert(image.height <= kLongestSide && image.width <= kLongestSide);
  entries_.push_back({written_, static_cast<std::uint16_t>(image.height),
                      static_cast<std::uint16_t>(image.width), label});
  file_.write(image.pixels.data(), image.pixels.size());
  written_ += image.pixels.size();
}

void PackWriter::finish(const PackDescription& description) {
  const std::string text = pack_text(description);
  file_.write(entries_.data(), entries_.size() * sizeof(ImagePack::Entry));
  file_.write(text);
  const PackTail tail = {written_, entries_.size(), text.size(), kPackMagic};
  file_.write(&tail, sizeof tail);
  file_.commit();
}

}  // namespace enas4d
