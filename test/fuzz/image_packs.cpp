#include "formats/image_pack.h"
#include "fuzz/input_file.h"
#include "fuzz/readers.h"
#include "util/hash.h"

namespace enas4d {

void try_image_pack(std::string_view input) {
  static const TemporaryFolder folder;
  const std::string path = folder / "x.images";
  put_file(path, input);
  const auto pack = ImagePack::open(path, "key", 2);
  if (!pack) return;
  Sha256 all;
  for (std::size_t i = 0; i < pack->size(); ++i) {
    const ImageView image = pack->image(i);
    all.add(image.pixels, static_cast<std::size_t>(image.height * image.row_step));
  }
}

}  // namespace enas4d
