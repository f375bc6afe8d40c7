#include <algorithm>
#include <cmath>

#include "formats/image_set.h"
#include "support/catch.h"

namespace enas4d {
namespace {

SyntheticOptions small_synthetic() {
  SyntheticOptions options;
  options.train = 300;
  options.test = 200;
  options.size = 12;
  return options;
}

/// The class whose average training image is nearest: the simplest thing that learns.
class NearestAverage {
 public:
  explicit NearestAverage(const ImageSet& images)
      : pixels_(images.image_bytes()),
        averages_(static_cast<std::size_t>(images.classes), std::vector<double>(pixels_, 0.0)) {
    std::vector<double> counts(averages_.size(), 0.0);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto label = static_cast<std::size_t>(images.labels[i]);
      counts[label] += 1;
      for (std::size_t p = 0; p < pixels_; ++p)
        averages_[label][p] += images.pixels[i * pixels_ + p];
    }
    for (std::size_t c = 0; c < averages_.size(); ++c) {
      for (double& value : averages_[c]) value /= counts[c];
    }
  }

  double accuracy(const ImageSet& images) const {
    double right = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::vector<double> distances;
      for (const auto& average : averages_) {
        double sum = 0;
        for (std::size_t p = 0; p < pixels_; ++p) {
          sum += std::pow(average[p] - images.pixels[i * pixels_ + p], 2);
        }
        distances.push_back(sum);
      }
      const auto nearest = std::min_element(distances.begin(), distances.end()) - distances.begin();
      if (nearest == images.labels[i]) right += 1;
    }
    return right / static_cast<double>(images.size());
  }

 private:
  std::size_t pixels_;
  std::vector<std::vector<double>> averages_;
};

}  // namespace

TEST_CASE("synthetic data has the shape that was asked for, classes in balance",
          "[formats][synthetic]") {
  SyntheticOptions options = small_synthetic();
  options.classes = 3;
  options.channels = 2;
  const ImageSets sets = make_synthetic(options);
  CHECK(sets.train.size() == 300);
  CHECK(sets.test.size() == 200);
  CHECK(sets.val.size() == 0);
  CHECK(sets.train.pixels.size() == 300 * 2 * 12 * 12);
  for (int label = 0; label < 3; ++label) {
    CHECK(std::count(sets.train.labels.begin(), sets.train.labels.end(), label) == 100);
  }
}

TEST_CASE("synthetic data is a function of its options", "[formats][synthetic]") {
  const SyntheticOptions options = small_synthetic();
  const std::string hash = image_set_hash(make_synthetic(options).train);
  CHECK(hash == "a39edc9ba00ef6200d7fd27a12133ac8c05494f47f2328d683c9cdaa21056c95");
  CHECK(hash == image_set_hash(make_synthetic(options).train));
  SyntheticOptions other = options;
  other.seed = 2;
  CHECK(hash != image_set_hash(make_synthetic(other).train));
  other = options;
  other.test = 1;
  CHECK(hash == image_set_hash(make_synthetic(other).train));
}

TEST_CASE("synthetic data can be learnt, but not by the simplest means", "[formats][synthetic]") {
  const ImageSets sets = make_synthetic(small_synthetic());
  const double accuracy = NearestAverage(sets.train).accuracy(sets.test);
  CAPTURE(accuracy);
  CHECK(accuracy > 0.5);
  CHECK(accuracy < 0.95);
}

}  // namespace enas4d
