#pragma once
// Loops over pixels x channels (NHWC): what surrounds the matrix products of a network.
//
// An activation is stored as its convolution left it; what follows it (batch normalisation, ReLU,
// ReLU6) is a ChannelTransform that every reader applies on the way in:
//     z = min(max((x - center) * scale + shift, low), high)          per channel.
// Plain functions on plain memory, single-threaded. Sums are taken in float over short stretches of
// pixels and added up in double.

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace edgeprune::kernels {

/// Spans hold one entry per channel. An identity has empty spans and no bounds.
struct ChannelTransform {
  std::span<const float> center;
  std::span<const float> scale;
  std::span<const float> shift;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  [[nodiscard]] bool is_identity() const {
    return scale.empty() && low == -std::numeric_limits<float>::infinity() &&
           high == std::numeric_limits<float>::infinity();
  }
};

/// out = transform(x) for pixels x channels; rows of `out` lie out_stride >= channels floats apart.
void apply_transform(const ChannelTransform& transform, const float* x, std::size_t pixels,
                     std::size_t channels, float* out, std::size_t out_stride);

/// out = transform(x) + transform_b(b), both pixels x channels, contiguous.
void add_transformed(const ChannelTransform& transform_a, const float* a,
                     const ChannelTransform& transform_b, const float* b, std::size_t pixels,
                     std::size_t channels, float* out);

/// x[p][c] += bias[c].
void add_bias(std::span<const float> bias, float* x, std::size_t pixels);

/// y[i] += x[i].
void add_to(const float* x, std::size_t count, float* y);

/// Mean and sum of squared deviations per channel, gathered a tile at a time in double. Partial
/// moments merge exactly (Chan, Golub and LeVeque, 1979), and each tile is summed about its own
/// first pixel, so that a large common offset costs no digits.
struct ChannelMoments {
  double count = 0;
  std::vector<double> mean;
  std::vector<double> squares;  // sum of (x - mean)^2

  void reset(std::size_t channels);
  void merge(const ChannelMoments& other);
};
void accumulate_moments(const float* x, std::size_t pixels, ChannelMoments& moments);

/// What the backward pass of (center, scale, shift, clamp) needs to turn the gradient g of z into
/// that of x:  dx = scale * dz + slope * (x - center) + offset,  dz = g where low < z < high, else
/// 0. Empty slope and offset stand for zeros (no batch statistics to go through).
struct TransformGradient {
  std::span<const float> slope;
  std::span<const float> offset;
};
void transform_gradient(const ChannelTransform& transform, const TransformGradient& gradient,
                        const float* g, const float* x, std::size_t pixels, std::size_t channels,
                        float* out, std::size_t out_stride);

/// sum_g[c] += sum of dz, sum_gx[c] += sum of dz * (x - center), over all pixels.
void accumulate_gradient_sums(const ChannelTransform& transform, const float* g, const float* x,
                              std::size_t pixels, std::size_t channels, std::span<double> sum_g,
                              std::span<double> sum_gx);

/// sums[c] += sum over pixels of x[p][c]; rows lie `stride` floats apart.
void accumulate_sums(const float* x, std::size_t pixels, std::size_t stride,
                     std::span<double> sums);

}  // namespace edgeprune::kernels
