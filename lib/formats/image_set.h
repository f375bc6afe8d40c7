// Labelled images as they lie in the files: bytes, no preprocessing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/image.h"
#include "util/stop.h"

namespace enas4d {

class ImagePack;

struct ImageSet {
  /// Of every image; of packed images, which have sizes of their own, of the crops they are for.
  int channels = 0, height = 0, width = 0;
  int classes = 0;
  std::vector<std::string> class_names;  ///< empty = not known
  /// N x C x H x W: image after image, channel after channel, row after row.
  std::vector<std::uint8_t> pixels;
  std::shared_ptr<const ImagePack> packed;  ///< instead of `pixels`: image folders
  std::vector<std::int32_t> labels;

  std::size_t size() const { return labels.size(); }
  ImageView image(std::size_t index) const;
  std::size_t image_bytes() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
};

/// SHA-256 over shape, number of classes, pixels and labels; of packed images over classes, labels,
/// crop size and the files they were decoded from.
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

/// Hears how reading an image folder goes.
class ReadObserver {
 public:
  virtual ~ReadObserver() = default;
  /// `done` of `images` images of `folder` are decoded; not called where the cache has them.
  virtual void decoded(const std::string& folder, std::int64_t done, std::int64_t images) = 0;
  /// These of `images` images cannot be read and are left out: "path: reason" of each. Also told
  /// when they come from the cache.
  virtual void left_out(const std::string& folder, const std::vector<std::string>& reasons,
                        std::int64_t images) = 0;
};

/// What only image folders need: their images have neither one size nor one number of channels.
struct ReadOptions {
  int channels = 3;               ///< 3, or 1 = grey
  int classes = 0;                ///< that there must be; 0 = any number
  int resolution = 0;             ///< side of the largest crops that will be made; 0 = not known
  std::string cache;              ///< folder that keeps the decoded images; made if absent
  int workers = 1;                ///< threads that decode
  double most_unreadable = 0.01;  ///< a larger share of the images stops the reading
  std::uint64_t memory = std::uint64_t{1} << 30;  ///< bytes that all workers decode in
  ReadObserver* observer = nullptr;
  const StopFlag* stop = nullptr;
};

/// DIR/train, DIR/val and DIR/test with a folder for each class. DIR/val is `test` and val is left
/// to be held out of train, unless DIR/test exists. Decoded and resized images come from a file in
/// the cache, which is made if there is none for these very files. Throws Error: bad input (folders
/// and images), failed (the cache cannot be written), stopped.
ImageSets read_image_folder(const std::string& directory, const ReadOptions& options);

/// The reader behind the data words: fashion-mnist[:DIR], cifar10:DIR, cifar100:DIR, folder:DIR,
/// synthetic[:train=N,test=N,classes=N,channels=N,size=N,seed=N]. Throws Error (usage) for an
/// unknown word (with the nearest), Error (bad input) for what cannot be read.
ImageSets read_image_sets(const std::string& data, const ReadOptions& options = {});

}  // namespace enas4d
