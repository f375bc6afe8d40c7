// Labelled images as they lie in the files: bytes, no preprocessing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace enas4d {

struct ImageSet {
  int channels = 0, height = 0, width = 0;
  int classes = 0;
  std::vector<std::string> class_names;  ///< empty = not known
  /// N x C x H x W: image after image, channel after channel, row after row.
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;

  std::size_t size() const { return labels.size(); }
  std::size_t image_bytes() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
};

/// SHA-256 over shape, number of classes, pixels and labels.
std::string image_set_hash(const ImageSet& images);

/// The parts that every data set has. `val` is empty unless the set brings its own; otherwise it is
/// split from `train`.
struct ImageSets {
  ImageSet train, val, test;
};

/// Fashion-MNIST as Debian's dataset-fashion-mnist ships it:
/// {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] in `directory` or its subfolder
/// FashionMNIST/raw. Structure is checked (magic, counts, sizes, labels), content hashes are not.
/// Throws Error (bad input).
ImageSets read_fashion_mnist(const std::string& directory);

/// Official binary versions: data_batch_{1..5}.bin, test_batch.bin (a label byte, 3072 pixels), or
/// train.bin, test.bin (coarse and fine label, 3072 pixels), with any number of records.
/// `directory` or its usual subfolder (cifar-10-batches-bin, cifar-100-binary). Throws Error (bad
/// input).
ImageSets read_cifar10(const std::string& directory);
ImageSets read_cifar100(const std::string& directory);

/// Made up, learnable, hard in parts: each class is a smooth random pattern; a sample is its own
/// pattern, shifted, with a share of another class's pattern and noise. Both differ widely between
/// samples, so that early exits have something to do. A pure function of its arguments.
struct SyntheticOptions {
  int train = 2000, test = 500, classes = 10, channels = 3, size = 32;
  std::uint64_t seed = 1;
};
ImageSets make_synthetic(const SyntheticOptions& options);

/// The reader behind the data words: fashion-mnist[:DIR], cifar10:DIR, cifar100:DIR,
/// synthetic[:train=N,test=N,classes=N,channels=N,size=N,seed=N]. Throws Error (usage) for an
/// unknown word (with the nearest), Error (bad input) for what cannot be read.
ImageSets read_image_sets(const std::string& data);

}  // namespace enas4d
