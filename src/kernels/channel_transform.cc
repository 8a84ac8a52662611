#include "edgeprune/kernels/channel_transform.h"

#include <algorithm>
#include <cstring>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "channel_transform.cc"
#include <hwy/foreach_target.h>
#include "channel_transform-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
// How many pixels ahead of their use the loops over large tensors ask for memory: some way beyond
// what the CPU overlaps by itself.
constexpr std::size_t kFetchPixels = 16;

// The cache lines of V vectors of elements.
template <std::size_t V, typename T>
HWY_INLINE void fetch_group(const T* at) {
  constexpr std::size_t kLine = 64 / sizeof(T);
  for (std::size_t i = 0; i < V * lanes(); i += kLine) __builtin_prefetch(at + i, 0, 3);
}

void copy_rows(const PixelBlock& block, ConstElements x, Elements out) {
  const std::size_t size = size_of(x.type);
  if (block.out_stride == block.channels && block.in_stride == block.channels) {
    std::memcpy(out.data, x.data, block.pixels * block.channels * size);
    return;
  }
  for (std::size_t p = 0; p < block.pixels; ++p) {
    std::memcpy(out.at(p * block.out_stride).data, x.at(p * block.in_stride).data,
                block.channels * size);
  }
}

// Calls body<V>(c, valid) for groups of V vectors of channels, wide enough that each visit to a
// pixel reads some neighbouring cache lines; valid < V * lanes() for a last group that ends inside
// one.
template <typename Body>
HWY_INLINE void for_groups(std::size_t channels, Body&& body) {
  const std::size_t n = lanes();
  std::size_t c = 0;
  for (; c + 4 * n <= channels; c += 4 * n) body.template operator()<4>(c, 4 * n);
  if (c + 2 * n <= channels) {
    body.template operator()<2>(c, 2 * n);
    c += 2 * n;
  }
  for (; c < channels; c += n) body.template operator()<1>(c, std::min(n, channels - c));
}

template <std::size_t V, typename In, typename Out>
void transform_group(const ChannelTransform& transform, const PixelBlock& block, std::size_t c,
                     std::size_t valid, const In* x, Out* out) {
  const std::size_t n = lanes();
  Coefficients t[V];
  for (std::size_t v = 0; v < V; ++v) {
    t[v] = Coefficients(transform, c + v * n, std::min(n, valid - v * n));
  }
  // Local copies: the compiler knows that no store changes them.
  const std::size_t in_stride = block.in_stride;
  const std::size_t out_stride = block.out_stride;
  const In* from = x + c;
  Out* to = out + c;
  for (std::size_t p = block.pixels; p > 0; --p, from += in_stride, to += out_stride) {
    fetch_group<V>(from + kFetchPixels * in_stride);
    if (valid == V * n) {
      for (std::size_t v = 0; v < V; ++v) store_all(t[v](load_all(from + v * n)), to + v * n);
    } else {
      store(t[0](load(from, valid)), to, valid);
    }
  }
}

template <typename In, typename Out>
void transform_rows(const ChannelTransform& transform, const PixelBlock& block, const In* x,
                    Out* out) {
  for_groups(block.channels, [&]<std::size_t V>(std::size_t c, std::size_t valid) {
    transform_group<V>(transform, block, c, valid, x, out);
  });
}

void apply_transform(const ChannelTransform& transform, const PixelBlock& block, ConstElements x,
                     Elements out) {
  if (transform.is_identity() && x.type == out.type) return copy_rows(block, x, out);
  with_type(x.type, [&]<typename In>(In*) {
    with_type(out.type, [&]<typename Out>(Out*) {
      transform_rows(transform, block, static_cast<const In*>(x.data), static_cast<Out*>(out.data));
    });
  });
}

template <typename T>
void add_rows(const ChannelTransform& transform_a, const T* a, const ChannelTransform& transform_b,
              const T* b, std::size_t pixels, std::size_t channels, T* out) {
  for_vectors(channels, [&](std::size_t c, std::size_t valid) {
    const Coefficients ta(transform_a, c, valid);
    const Coefficients tb(transform_b, c, valid);
    for (std::size_t at = c; at < pixels * channels; at += channels) {
      store(hn::Add(ta(load(a + at, valid)), tb(load(b + at, valid))), out + at, valid);
    }
  });
}

void add_transformed(const ChannelTransform& transform_a, ConstElements a,
                     const ChannelTransform& transform_b, ConstElements b, std::size_t pixels,
                     std::size_t channels, Elements out) {
  with_type(out.type, [&]<typename T>(T*) {
    add_rows(transform_a, static_cast<const T*>(a.data), transform_b, static_cast<const T*>(b.data),
             pixels, channels, static_cast<T*>(out.data));
  });
}

template <std::size_t V, typename In, typename Out>
void gradient_group(const ChannelTransform& transform, const TransformGradient& gradient,
                    const PixelBlock& block, std::size_t c, std::size_t valid, const In* dz,
                    const In* x, Out* out) {
  const std::size_t n = lanes();
  Vector center[V];
  Vector scale[V];
  Vector slope[V];
  Vector offset[V];
  for (std::size_t v = 0; v < V; ++v) {
    const std::size_t at = c + v * n;
    const std::size_t part = std::min(n, valid - v * n);
    center[v] = load_or(transform.center, at, part, 0.0f);
    scale[v] = load_or(transform.scale, at, part, 1.0f);
    slope[v] = load_or(gradient.slope, at, part, 0.0f);
    offset[v] = load_or(gradient.offset, at, part, 0.0f);
  }
  const auto dx = [&](std::size_t v, Vector g, Vector value) {
    return hn::MulAdd(scale[v], g, hn::MulAdd(slope[v], hn::Sub(value, center[v]), offset[v]));
  };
  // Local copies: the compiler knows that no store changes them.
  const std::size_t in_stride = block.in_stride;
  const std::size_t out_stride = block.out_stride;
  const In* g = dz + c;
  const In* value = x + c;
  Out* to = out + c;
  for (std::size_t p = block.pixels; p > 0; --p) {
    fetch_group<V>(g + kFetchPixels * in_stride);
    fetch_group<V>(value + kFetchPixels * in_stride);
    if (valid == V * n) {
      for (std::size_t v = 0; v < V; ++v) {
        store_all(dx(v, load_all(g + v * n), load_all(value + v * n)), to + v * n);
      }
    } else {
      store(dx(0, load(g, valid), load(value, valid)), to, valid);
    }
    g += in_stride;
    value += in_stride;
    to += out_stride;
  }
}

template <typename In, typename Out>
void gradient_rows(const ChannelTransform& transform, const TransformGradient& gradient,
                   const PixelBlock& block, const In* dz, const In* x, Out* out) {
  for_groups(block.channels, [&]<std::size_t V>(std::size_t c, std::size_t valid) {
    gradient_group<V>(transform, gradient, block, c, valid, dz, x, out);
  });
}

void transform_gradient(const ChannelTransform& transform, const TransformGradient& gradient,
                        const PixelBlock& block, ConstElements dz, ConstElements x, Elements out) {
  if (transform.scale.empty() && dz.type == out.type) return copy_rows(block, dz, out);
  with_type(x.type, [&]<typename In>(In*) {
    with_type(out.type, [&]<typename Out>(Out*) {
      gradient_rows(transform, gradient, block, static_cast<const In*>(dz.data),
                    static_cast<const In*>(x.data), static_cast<Out*>(out.data));
    });
  });
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace edgeprune::kernels {

HWY_EXPORT(apply_transform);
HWY_EXPORT(add_transformed);
HWY_EXPORT(transform_gradient);

void apply_transform(const ChannelTransform& transform, const PixelBlock& block, ConstElements x,
                     Elements out) {
  HWY_DYNAMIC_DISPATCH(apply_transform)(transform, block, x, out);
}

void add_transformed(const ChannelTransform& transform_a, ConstElements a,
                     const ChannelTransform& transform_b, ConstElements b, std::size_t pixels,
                     std::size_t channels, Elements out) {
  HWY_DYNAMIC_DISPATCH(add_transformed)(transform_a, a, transform_b, b, pixels, channels, out);
}

void transform_gradient(const ChannelTransform& transform, const TransformGradient& gradient,
                        const PixelBlock& block, ConstElements dz, ConstElements x, Elements out) {
  HWY_DYNAMIC_DISPATCH(transform_gradient)(transform, gradient, block, dz, x, out);
}

}  // namespace edgeprune::kernels
#endif
