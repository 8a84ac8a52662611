#pragma once
// Pooling over one image at a time, NHWC, reading its input through a ChannelTransform.
// Plain functions on plain memory, single-threaded.

#include "edgeprune/kernels/channels.h"

#include <cstddef>
#include <cstdint>

namespace edgeprune::kernels {

/// Window positions outside the image (padding) never win.
struct PoolShape {
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  std::uint32_t channels = 0;
  std::uint32_t window = 0;
  std::uint32_t stride = 0;
  std::uint32_t padding = 0;

  [[nodiscard]] std::uint32_t out_height() const {
    return (height + 2 * padding - window) / stride + 1;
  }
  [[nodiscard]] std::uint32_t out_width() const {
    return (width + 2 * padding - window) / stride + 1;
  }
};

/// out (out_height x out_width x channels) = maximum of transform(x) over each window.
void max_pool(const PoolShape& shape, const ChannelTransform& transform, const float* x,
              float* out);

/// g_in += gradient of max_pool with respect to transform(x): each output's gradient goes to the
/// first of its window's maxima in row order, as in PyTorch. `out` is what max_pool computed.
void max_pool_gradient(const PoolShape& shape, const ChannelTransform& transform, const float* x,
                       const float* out, const float* g_out, float* g_in);

/// out[c] = mean over pixels of transform(x).
void average_pixels(const ChannelTransform& transform, const float* x, std::size_t pixels,
                    std::size_t channels, float* out);

}  // namespace edgeprune::kernels
