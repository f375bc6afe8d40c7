#include "formats/image_set.h"
#include "fuzz/input_file.h"
#include "fuzz/readers.h"

namespace enas4d {
namespace {

/// One image of 2 x 2.
std::string one_image() {
  using namespace std::string_literals;
  return "\0\0\x08\x03\0\0\0\x01\0\0\0\x02\0\0\0\x02"s + "abcd";
}

std::string one_label() {
  using namespace std::string_literals;
  return "\0\0\x08\x01\0\0\0\x01\x07"s;
}

}  // namespace

void try_idx(std::string_view input) {
  static const InputFolder folder({{"train-images-idx3-ubyte", one_image()},
                                   {"train-labels-idx1-ubyte", one_label()},
                                   {"t10k-images-idx3-ubyte", one_image()},
                                   {"t10k-labels-idx1-ubyte", one_label()}});
  folder.read_with(input, [](const std::string& path) {
    const ImageSets sets = read_fashion_mnist(path);
    image_set_hash(sets.train);
    image_set_hash(sets.test);
  });
}

}  // namespace enas4d
