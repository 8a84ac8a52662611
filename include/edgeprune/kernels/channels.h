#pragma once
// Loops over pixels x channels (NHWC): what surrounds the matrix products of a network, how their
// results are finished and stored, and what is summed on the way.
//
// The gradient of an activation is stored with respect to the value before the clamp of its
// ChannelTransform: whoever writes it applies the clamp's mask.
// Plain functions on plain memory, single-threaded. They compute in float; sums are taken in float
// over short stretches of pixels and added up in double.

#include "edgeprune/kernels/channel_transform.h"
#include "edgeprune/kernels/elements.h"

#include <cstddef>
#include <span>
#include <vector>

namespace edgeprune::kernels {

/// Sums per channel about a pivot, gathered a tile at a time in double: with a pivot among the
/// values, a large common offset costs no digits. merge() turns the sums of several threads into
/// mean and squared deviations (Chan, Golub and LeVeque, 1979). Call reset() before the first use.
struct ChannelMoments {
  double count = 0;
  std::vector<float> pivot;
  std::vector<double> sum;                     // of x - pivot
  std::vector<double> sum_squared_deviations;  // of (x - pivot)^2

  void reset(std::size_t channels);

  struct Deviations {
    double count = 0;
    std::vector<double> mean;
    std::vector<double> sum_squared_deviations;  // sum of (x - mean)^2
  };
  [[nodiscard]] static Deviations merge(std::span<const ChannelMoments> parts);
};
/// Of contiguous pixels of all channels. The first call after reset() takes its first pixel as the
/// pivot.
void accumulate_moments(ConstElements x, std::size_t pixels, ChannelMoments& moments);

/// A panel of a matrix product's results: rows of padded_columns(num_channels) floats, which belong
/// to channels [first_channel, first_channel + num_channels) of pixels, one row each. At most
/// panel_columns() channels (products.h); what lies behind num_channels in a row may be anything.
struct ResultPanel {
  const float* results = nullptr;
  std::size_t num_rows = 0;
  std::size_t first_channel = 0;
  std::size_t num_channels = 0;
};

/// Where a convolution's output goes: memory for one pixel after the other, the bias to add (empty:
/// none), the moments to gather of what is written, as it is stored (null: none).
struct OutputTarget {
  Elements out;              // pixel 0
  std::size_t channels = 0;  // of the whole output, and so from pixel to pixel
  std::span<const float> bias;
  ChannelMoments* moments = nullptr;
  bool stream = false;  // past the caches; see may_stream()
};
/// Row r of the panel belongs to pixel first_pixel + r. A tile's pixels come in one panel for each
/// stretch of channels; the caller adds their number to moments->count itself, after all panels of
/// the tile and before the next tile. While count is 0, a panel's first row becomes the pivot of
/// its channels.
void finish_output(const ResultPanel& panel, const OutputTarget& target, std::size_t first_pixel);

/// Whether pixels of so many channels begin on cache lines if the first does, so that whole lines
/// may be written past the caches. Worth it for tensors that no cache will keep until they are
/// read. With `stream` in a target below or above, its memory must begin on a cache line,
/// may_stream() be true, and each panel's first_channel lie a whole number of vectors from 0.
/// Panels whose num_channels fill no whole vectors are stored normally.
[[nodiscard]] bool may_stream(ElementType type, std::size_t channels);
/// Makes streamed writes of this thread visible to others; call it before handing them on.
void finish_streams();

/// What batch normalisation's backward pass needs: sums over pixels of dz and dz * (x - center).
/// Call reset() before the first use.
struct GradientSums {
  std::vector<double> dz;
  std::vector<double> dz_x;

  void reset(std::size_t channels);
};

/// Where the gradient of an activation goes: memory for dz, one pixel after the other, and x, the
/// activation's values as they were stored, before `transform`; x and dz are of one type and begin
/// at pixel 0. g, the gradient that comes in, is masked by the transform's clamp at x (it passes
/// strictly between the bounds); the old dz is added if `accumulate`; what was then stored, rounded
/// to dz's type, is gathered into `sums` (null: no).
struct GradientTarget {
  ChannelTransform transform;
  ConstElements x;
  Elements dz;
  std::size_t channels = 0;  // of the whole activation, and so from pixel to pixel
  bool accumulate = false;
  GradientSums* sums = nullptr;
  bool stream = false;  // past the caches; see may_stream()
};
/// From a panel of a product; its row r belongs to pixel first_pixel + r * pixel_step.
void finish_gradient(const ResultPanel& panel, const GradientTarget& target,
                     std::size_t first_pixel, std::size_t pixel_step);
/// From contiguous pixels of all channels, the first of them `first_pixel`. g may have another type
/// than x and dz.
void finish_gradient(ConstElements g, std::size_t pixels, const GradientTarget& target,
                     std::size_t first_pixel);

/// sums[c] += sum over pixels of x[p][c], for sums.size() channels; pixels lie `stride` elements
/// apart.
void accumulate_sums(ConstElements x, std::size_t pixels, std::size_t stride,
                     std::span<double> sums);

/// y[i] += x[i], for `count` entries; y may be x.
void add_to(const float* x, std::size_t count, float* y);

}  // namespace edgeprune::kernels
