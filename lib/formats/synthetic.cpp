// Images out of nothing. Everything but the patterns' sines is integer arithmetic, so that the same
// bytes come out on every machine.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "formats/image_set.h"
#include "util/rng.h"

namespace enas4d {
namespace {

constexpr std::uint64_t kPatternStream = 0, kTrainStream = 1, kTestStream = 2;

/// A class's pattern: values around 0 with deviation 1, in 1/256, C x H x W. It wraps around, so
/// that shifting it leaves no edge.
using Pattern = std::vector<std::int32_t>;

Pattern smooth_pattern(const SyntheticOptions& options, int label) {
  constexpr int kWaves = 4;
  constexpr std::uint32_t kFrequencies = 4;
  constexpr double kTwoPi = 6.283185307179586;
  const double deviation = std::sqrt(kWaves / 2.0);  // of a sum of sines
  Rng rng(options.seed, {kPatternStream, static_cast<std::uint64_t>(label)});
  const auto side = static_cast<std::size_t>(options.size);
  Pattern pattern;
  pattern.reserve(static_cast<std::size_t>(options.channels) * side * side);
  for (int channel = 0; channel < options.channels; ++channel) {
    std::vector<double> sum(side * side, 0.0);
    for (int wave = 0; wave < kWaves; ++wave) {
      const std::uint32_t down = rng.below(kFrequencies);
      const std::uint32_t across = down == 0 ? 1 + rng.below(kFrequencies - 1)  // never flat
                                             : rng.below(kFrequencies);
      const double phase = rng.uniform();
      for (std::size_t i = 0; i < sum.size(); ++i) {
        const auto turns = static_cast<double>(down * (i / side) + across * (i % side));
        sum[i] += std::sin(kTwoPi * (turns / static_cast<double>(side) + phase));
      }
    }
    for (const double value : sum) {
      pattern.push_back(static_cast<std::int32_t>(std::lround(256 * value / deviation)));
    }
  }
  return pattern;
}

/// A number with deviation about 1, in 1/256: the sum of four 16-bit pieces is close to normal.
std::int64_t small_noise(Rng& rng) {
  const std::uint64_t bits = rng.next();
  std::int64_t sum = -2 * 0xFFFF;
  for (int shift = 0; shift < 64; shift += 16) {
    sum += static_cast<std::int64_t>(bits >> shift & 0xFFFF);
  }
  return sum / 148;
}

class Painter {
 public:
  Painter(const SyntheticOptions& options, Rng& rng) : options_(options), rng_(rng) {}

  /// One image of `pattern`, with a share of `distractor` that makes it more or less hard.
  void paint(const Pattern& pattern, const Pattern& distractor, std::vector<std::uint8_t>& pixels) {
    const std::int64_t gain = 154 + rng_.below(205);          // 0.6 to 1.4
    const std::int64_t share = gain * rng_.below(240) / 256;  // below the pattern's own
    const std::int64_t noise = (256 + rng_.below(256)) << rng_.below(5) >> 4;  // 1/16 to 2
    const Shift own = random_shift(), other = random_shift();
    const auto side = static_cast<std::size_t>(options_.size);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const std::int64_t value = gain * pattern[shifted(i, own, side)] +
                                 share * distractor[shifted(i, other, side)] +
                                 noise * small_noise(rng_);
      const std::int64_t pixel = 128 + 40 * value / (256 * 256);
      pixels.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(pixel, 0, 255)));
    }
  }

 private:
  struct Shift {
    std::size_t down, across;
  };

  /// Up to a sixth of the image: far enough that pixels cannot be learnt by heart.
  Shift random_shift() {
    const auto most = static_cast<std::uint32_t>(options_.size / 6 + 1);
    return {rng_.below(most), rng_.below(most)};
  }

  static std::size_t shifted(std::size_t i, const Shift& shift, std::size_t side) {
    const std::size_t plane = side * side;
    const std::size_t row = (i % plane / side + shift.down) % side;
    const std::size_t column = (i % side + shift.across) % side;
    return i / plane * plane + row * side + column;
  }

  const SyntheticOptions& options_;
  Rng& rng_;
};

ImageSet synthetic_images(const SyntheticOptions& options, const std::vector<Pattern>& patterns,
                          int count, std::uint64_t stream) {
  ImageSet images;
  images.channels = options.channels;
  images.height = images.width = options.size;
  images.classes = options.classes;
  images.pixels.reserve(images.image_bytes() * static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const int label = i % options.classes;
    Rng rng(options.seed, {stream, static_cast<std::uint64_t>(i)});
    const auto others = static_cast<std::uint32_t>(options.classes - 1);
    const int other = (label + 1 + static_cast<int>(rng.below(others))) % options.classes;
    Painter(options, rng)
        .paint(patterns[static_cast<std::size_t>(label)], patterns[static_cast<std::size_t>(other)],
               images.pixels);
    images.labels.push_back(label);
  }
  return images;
}

}  // namespace

ImageSets make_synthetic(const SyntheticOptions& options) {
  assert(options.classes >= 2 && options.channels >= 1 && options.size >= 1);
  std::vector<Pattern> patterns;
  for (int label = 0; label < options.classes; ++label) {
    patterns.push_back(smooth_pattern(options, label));
  }
  ImageSets sets;
  sets.train = synthetic_images(options, patterns, options.train, kTrainStream);
  sets.test = synthetic_images(options, patterns, options.test, kTestStream);
  return sets;
}

}  // namespace enas4d
