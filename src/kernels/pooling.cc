#include "edgeprune/kernels/pooling.h"

#include <algorithm>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pooling.cc"
#include <hwy/foreach_target.h>
#include "channel_transform-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
// transform(x) for one vector of channels. Readers of one pixel at a time load the coefficients
// anew; they stay in the first cache.
template <typename T>
HWY_INLINE Vector transformed(const ChannelTransform& t, const T* x, std::size_t c,
                              std::size_t valid) {
  return Coefficients(t, c, valid)(load(x + c, valid));
}

// The part of one output's window that lies inside the image.
struct Window {
  std::uint32_t top, bottom, left, right;

  Window(const PoolShape& s, std::uint32_t y, std::uint32_t x)
      : top(std::max(y * s.stride_height, s.padding_height) - s.padding_height),
        bottom(std::min(y * s.stride_height + s.window_height - s.padding_height, s.height)),
        left(std::max(x * s.stride_width, s.padding_width) - s.padding_width),
        right(std::min(x * s.stride_width + s.window_width - s.padding_width, s.width)) {}
};

// Calls body(window, output offset) for every output pixel.
template <typename Body>
HWY_INLINE void for_windows(const PoolShape& s, Body&& body) {
  std::size_t out = 0;
  for (std::uint32_t y = 0; y < s.out_height(); ++y) {
    for (std::uint32_t x = 0; x < s.out_width(); ++x, out += s.channels) body(Window(s, y, x), out);
  }
}

template <typename T>
void max_of_windows(const PoolShape& shape, const ChannelTransform& transform, const T* x, T* out) {
  const std::size_t channels = shape.channels;
  for_windows(shape, [&](const Window& window, std::size_t at) {
    for_vectors(channels, [&](std::size_t c, std::size_t valid) {
      Vector best = hn::Set(Tag(), -std::numeric_limits<float>::infinity());
      for (std::uint32_t row = window.top; row < window.bottom; ++row) {
        for (std::uint32_t column = window.left; column < window.right; ++column) {
          const T* pixel = x + (std::size_t{row} * shape.width + column) * channels;
          const Vector z = transformed(transform, pixel, c, valid);
          // A NaN wins, as in PyTorch; Max would forget it.
          best = hn::IfThenElse(hn::Or(hn::Lt(z, best), hn::IsNaN(best)), best, z);
        }
      }
      store(best, out + at + c, valid);
    });
  });
}

void max_pool(const PoolShape& shape, const ChannelTransform& transform, ConstElements x,
              Elements out) {
  with_type(out.type, [&]<typename T>(T*) {
    max_of_windows(shape, transform, static_cast<const T*>(x.data), static_cast<T*>(out.data));
  });
}

// The stored maximum is that of the values rounded to T, which rounding keeps in order.
template <typename T>
void gradient_of_windows(const PoolShape& shape, const ChannelTransform& transform, const T* x,
                         const T* out, const float* g_out, float* g_in) {
  const std::size_t channels = shape.channels;
  for_windows(shape, [&](const Window& window, std::size_t at) {
    for_vectors(channels, [&](std::size_t c, std::size_t valid) {
      const Vector best = load(out + at + c, valid);
      Vector left_over = load(g_out + at + c, valid);  // zero once handed to a maximum
      for (std::uint32_t row = window.top; row < window.bottom; ++row) {
        for (std::uint32_t column = window.left; column < window.right; ++column) {
          const std::size_t pixel = (std::size_t{row} * shape.width + column) * channels;
          const Vector z = as_stored(transformed(transform, x + pixel, c, valid), x);
          const auto wins = hn::Eq(z, best);
          float* g = g_in + pixel + c;
          store(hn::Add(load(g, valid), hn::IfThenElseZero(wins, left_over)), g, valid);
          left_over = hn::IfThenZeroElse(wins, left_over);
        }
      }
    });
  });
}

void max_pool_gradient(const PoolShape& shape, const ChannelTransform& transform, ConstElements x,
                       ConstElements out, const float* g_out, float* g_in) {
  with_type(x.type, [&]<typename T>(T*) {
    gradient_of_windows(shape, transform, static_cast<const T*>(x.data),
                        static_cast<const T*>(out.data), g_out, g_in);
  });
}

void average_pixels(const ChannelTransform& transform, ConstElements x, std::size_t pixels,
                    std::size_t channels, float* out) {
  const Tag d;
  with_type(x.type, [&]<typename T>(T*) {
    const T* values = static_cast<const T*>(x.data);
    for_vectors(channels, [&](std::size_t c, std::size_t valid) {
      const Coefficients t(transform, c, valid);
      Vector sum = hn::Zero(d);
      for (std::size_t p = 0; p < pixels; ++p) {
        sum = hn::Add(sum, t(load(values + p * channels + c, valid)));
      }
      store(hn::Div(sum, hn::Set(d, static_cast<float>(pixels))), out + c, valid);
    });
  });
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(max_pool);
HWY_EXPORT(max_pool_gradient);
HWY_EXPORT(average_pixels);

void max_pool(const PoolShape& shape, const ChannelTransform& transform, ConstElements x,
              Elements out) {
  HWY_DYNAMIC_DISPATCH(max_pool)(shape, transform, x, out);
}

void max_pool_gradient(const PoolShape& shape, const ChannelTransform& transform, ConstElements x,
                       ConstElements out, const float* g_out, float* g_in) {
  HWY_DYNAMIC_DISPATCH(max_pool_gradient)(shape, transform, x, out, g_out, g_in);
}

void average_pixels(const ChannelTransform& transform, ConstElements x, std::size_t pixels,
                    std::size_t channels, float* out) {
  HWY_DYNAMIC_DISPATCH(average_pixels)(transform, x, pixels, channels, out);
}

}  // namespace edgeprune::kernels
#endif
