#pragma once
// What readers of an activation apply on the way in, and its gradient.
//
// An activation is stored as its convolution left it; what follows it (batch normalisation, ReLU,
// ReLU6) is a ChannelTransform:
//     z = min(max((x - center) * scale + shift, low), high)          per channel.
// Plain functions on plain memory, single-threaded, over pixels x channels (NHWC). They compute in
// float.

#include "edgeprune/kernels/elements.h"

#include <cstddef>
#include <limits>
#include <span>

namespace edgeprune::kernels {

/// Spans hold one entry per channel: all three, or all are empty, which stands for z = x before the
/// clamp. An identity has empty spans and no bounds. The spans' memory belongs to the caller.
struct ChannelTransform {
  std::span<const float> center;
  std::span<const float> scale;
  std::span<const float> shift;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  [[nodiscard]] bool is_clamped() const {
    return low != -std::numeric_limits<float>::infinity() ||
           high != std::numeric_limits<float>::infinity();
  }
  [[nodiscard]] bool is_identity() const { return scale.empty() && !is_clamped(); }
  /// That of channels [first, first + count).
  [[nodiscard]] ChannelTransform part(std::size_t first, std::size_t count) const {
    if (scale.empty()) return *this;
    return {center.subspan(first, count), scale.subspan(first, count), shift.subspan(first, count),
            low, high};
  }
};

/// How pixels x channels lie in memory: `stride` >= channels elements from pixel to pixel.
struct PixelBlock {
  std::size_t pixels = 0;
  std::size_t channels = 0;
  std::size_t in_stride = 0;
  std::size_t out_stride = 0;
};

/// out = transform(x), each of either type. `out` must not overlap `x`.
void apply_transform(const ChannelTransform& transform, const PixelBlock& block, ConstElements x,
                     Elements out);

/// out = transform_a(a) + transform_b(b), all pixels x channels, contiguous, of one type. `out` may
/// be `a` or `b` itself, but not overlap them otherwise.
void add_transformed(const ChannelTransform& transform_a, ConstElements a,
                     const ChannelTransform& transform_b, ConstElements b, std::size_t pixels,
                     std::size_t channels, Elements out);

/// What the backward pass of (center, scale, shift) needs to turn the gradient dz of z, before the
/// clamp, into that of x:  dx = scale * dz + slope * (x - center) + offset. Empty slope and offset
/// stand for zeros (no batch statistics to go through).
struct TransformGradient {
  std::span<const float> slope;
  std::span<const float> offset;

  [[nodiscard]] TransformGradient part(std::size_t first, std::size_t count) const {
    if (slope.empty()) return *this;
    return {slope.subspan(first, count), offset.subspan(first, count)};
  }
};
/// dz and x lie alike and are of one type; x is what was stored. `out` may have another type and
/// stride, and must not overlap them. No clamp's mask is applied: dz has it already. A transform
/// with empty spans makes dx = dz; `gradient` must then be empty too.
void transform_gradient(const ChannelTransform& transform, const TransformGradient& gradient,
                        const PixelBlock& block, ConstElements dz, ConstElements x, Elements out);

}  // namespace edgeprune::kernels
