// Antialiased resizing of any part of an image.
#pragma once

#include "formats/image.h"

namespace enas4d {

/// A part of an image in pixels, its corner at (top, left); it may reach beyond the image.
struct Box {
  double top = 0, left = 0, height = 0, width = 0;
};

/// The whole image.
inline Box whole_box(const ImageView& image) {
  return {0, 0, static_cast<double>(image.height), static_cast<double>(image.width)};
}

/// Where a position outside of [0, size] lies in an image that is mirrored at its edges, again and
/// again: -x is x, size + x is size - x.
double mirror_into(double position, double size);

/// Resizes `box` to `height` x `width`: bilinear, and where it shrinks the triangle is widened so
/// that every pixel counts (as Pillow and LibTorch's upsample_bilinear2d_aa do). Writes height x
/// width x channels floats from 0 to 255, pixel after pixel. Beyond its edges the image goes on
/// mirrored.
void resample(const ImageView& image, const Box& box, int height, int width, float* out);

/// The same to whole bytes.
Image resample(const ImageView& image, const Box& box, int height, int width);

}  // namespace enas4d
