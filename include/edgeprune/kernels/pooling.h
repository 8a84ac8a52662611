#pragma once
// Pooling over one image at a time, NHWC, reading its input through a ChannelTransform.
// Plain functions on plain memory, single-threaded.

#include "edgeprune/kernels/channels.h"

#include <cstddef>
#include <cstdint>

namespace edgeprune::kernels {

/// Window positions outside the image (padding) never win. Padding is less than the window, stride
/// at least 1, and a window fits the padded image: every window has a pixel.
struct PoolShape {
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  std::uint32_t channels = 0;
  std::uint32_t window_height = 0;
  std::uint32_t window_width = 0;
  std::uint32_t stride_height = 0;
  std::uint32_t stride_width = 0;
  std::uint32_t padding_height = 0;
  std::uint32_t padding_width = 0;

  [[nodiscard]] std::uint32_t out_height() const {
    return (height + 2 * padding_height - window_height) / stride_height + 1;
  }
  [[nodiscard]] std::uint32_t out_width() const {
    return (width + 2 * padding_width - window_width) / stride_width + 1;
  }
};

/// out (out_height x out_width x channels) = maximum of transform(x) over each window. x and out
/// are of one type and must not overlap.
void max_pool(const PoolShape& shape, const ChannelTransform& transform, ConstElements x,
              Elements out);

/// g_in += gradient of max_pool with respect to transform(x): each output's gradient goes to the
/// first of its window's maxima in row order, as in PyTorch. `out` is what max_pool computed, of
/// the same type; values that round to the same number tie, and the first of them gets the
/// gradient.
void max_pool_gradient(const PoolShape& shape, const ChannelTransform& transform, ConstElements x,
                       ConstElements out, const float* g_out, float* g_in);

/// out[c] = mean over pixels (at least 1, contiguous) of transform(x), summed in float.
void average_pixels(const ChannelTransform& transform, ConstElements x, std::size_t pixels,
                    std::size_t channels, float* out);

}  // namespace edgeprune::kernels
