#include "edgeprune/kernels/channels.h"

#include <algorithm>
#include <cstring>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "channels.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
// Float sums run over at most this many pixels before they are added to a double.
constexpr std::size_t kStretch = 64;

HWY_INLINE Vector load_or(std::span<const float> values, std::size_t c, std::size_t valid,
                          float otherwise) {
  return values.empty() ? hn::Set(Tag(), otherwise) : load(values.data() + c, valid);
}

// A transform's coefficients for one vector of channels.
struct Coefficients {
  Vector center, scale, shift, low, high;

  HWY_INLINE Coefficients(const ChannelTransform& t, std::size_t c, std::size_t valid)
      : center(load_or(t.center, c, valid, 0.0f)),
        scale(load_or(t.scale, c, valid, 1.0f)),
        shift(load_or(t.shift, c, valid, 0.0f)),
        low(hn::Set(Tag(), t.low)),
        high(hn::Set(Tag(), t.high)) {}

  HWY_INLINE Vector unclamped(Vector x) const {
    return hn::MulAdd(hn::Sub(x, center), scale, shift);
  }
  HWY_INLINE Vector operator()(Vector x) const { return hn::Min(hn::Max(unclamped(x), low), high); }
  // The gradient where it passes the clamp, zero elsewhere.
  HWY_INLINE Vector masked(Vector g, Vector x) const {
    const Vector z = unclamped(x);
    return hn::IfThenElseZero(hn::And(hn::Lt(low, z), hn::Lt(z, high)), g);
  }
};

void copy_rows(const float* x, std::size_t pixels, std::size_t channels, float* out,
               std::size_t out_stride) {
  if (out_stride == channels) {
    std::memcpy(out, x, pixels * channels * sizeof(float));
    return;
  }
  for (std::size_t p = 0; p < pixels; ++p) {
    std::memcpy(out + p * out_stride, x + p * channels, channels * sizeof(float));
  }
}

void apply_transform(const ChannelTransform& transform, const float* x, std::size_t pixels,
                     std::size_t channels, float* out, std::size_t out_stride) {
  if (transform.is_identity()) return copy_rows(x, pixels, channels, out, out_stride);
  for_vectors(channels, [&](std::size_t c, std::size_t valid) {
    const Coefficients t(transform, c, valid);
    for (std::size_t p = 0; p < pixels; ++p) {
      store(t(load(x + p * channels + c, valid)), out + p * out_stride + c, valid);
    }
  });
}

void add_transformed(const ChannelTransform& transform_a, const float* a,
                     const ChannelTransform& transform_b, const float* b, std::size_t pixels,
                     std::size_t channels, float* out) {
  for_vectors(channels, [&](std::size_t c, std::size_t valid) {
    const Coefficients ta(transform_a, c, valid);
    const Coefficients tb(transform_b, c, valid);
    for (std::size_t at = c; at < pixels * channels; at += channels) {
      store(hn::Add(ta(load(a + at, valid)), tb(load(b + at, valid))), out + at, valid);
    }
  });
}

void add_bias(std::span<const float> bias, float* x, std::size_t pixels) {
  const std::size_t channels = bias.size();
  for_vectors(channels, [&](std::size_t c, std::size_t valid) {
    const Vector b = load(bias.data() + c, valid);
    for (std::size_t at = c; at < pixels * channels; at += channels) {
      store(hn::Add(load(x + at, valid), b), x + at, valid);
    }
  });
}

void add_to(const float* x, std::size_t count, float* y) {
  for_vectors(count, [&](std::size_t i, std::size_t valid) {
    store(hn::Add(load(y + i, valid), load(x + i, valid)), y + i, valid);
  });
}

// Adds a vector's valid lanes to doubles.
HWY_INLINE void add_lanes(Vector v, std::size_t valid, double* sums) {
  HWY_ALIGN float lanes[hn::MaxLanes(Tag())];
  hn::Store(v, Tag(), lanes);
  for (std::size_t i = 0; i < valid; ++i) sums[i] += static_cast<double>(lanes[i]);
}

// Chan's update of (count, mean, squares) by a stretch with sums of (x - pivot) and its square.
HWY_INLINE void merge_stretch(Vector pivot, Vector sum, Vector sum_squares, double pixels,
                              double count, std::size_t valid, double* mean, double* squares) {
  HWY_ALIGN float pivots[hn::MaxLanes(Tag())];
  HWY_ALIGN float sums[hn::MaxLanes(Tag())];
  HWY_ALIGN float sums_squares[hn::MaxLanes(Tag())];
  hn::Store(pivot, Tag(), pivots);
  hn::Store(sum, Tag(), sums);
  hn::Store(sum_squares, Tag(), sums_squares);
  for (std::size_t i = 0; i < valid; ++i) {
    const double offset = static_cast<double>(sums[i]) / pixels;
    const double within = static_cast<double>(sums_squares[i]) - offset * sums[i];
    const double delta = static_cast<double>(pivots[i]) + offset - mean[i];
    mean[i] += delta * pixels / (count + pixels);
    squares[i] += within + delta * delta * count * pixels / (count + pixels);
  }
}

void accumulate_moments(const float* x, std::size_t pixels, ChannelMoments& moments) {
  const std::size_t channels = moments.mean.size();
  const Tag d;
  for (std::size_t begin = 0; begin < pixels; begin += kStretch) {
    const std::size_t length = std::min(kStretch, pixels - begin);
    for_vectors(channels, [&](std::size_t c, std::size_t valid) {
      const float* at = x + begin * channels + c;
      const Vector pivot = load(at, valid);
      Vector sum = hn::Zero(d);
      Vector squares = hn::Zero(d);
      for (std::size_t p = 0; p < length; ++p) {
        const Vector v = hn::Sub(load(at + p * channels, valid), pivot);
        sum = hn::Add(sum, v);
        squares = hn::MulAdd(v, v, squares);
      }
      merge_stretch(pivot, sum, squares, static_cast<double>(length), moments.count, valid,
                    moments.mean.data() + c, moments.squares.data() + c);
    });
    moments.count += static_cast<double>(length);
  }
}

void transform_gradient(const ChannelTransform& transform, const TransformGradient& gradient,
                        const float* g, const float* x, std::size_t pixels, std::size_t channels,
                        float* out, std::size_t out_stride) {
  if (transform.is_identity()) return copy_rows(g, pixels, channels, out, out_stride);
  for_vectors(channels, [&](std::size_t c, std::size_t valid) {
    const Coefficients t(transform, c, valid);
    const Vector slope = load_or(gradient.slope, c, valid, 0.0f);
    const Vector offset = load_or(gradient.offset, c, valid, 0.0f);
    for (std::size_t p = 0; p < pixels; ++p) {
      const std::size_t at = p * channels + c;
      const Vector v = load(x + at, valid);
      const Vector dz = t.masked(load(g + at, valid), v);
      const Vector rest = hn::MulAdd(slope, hn::Sub(v, t.center), offset);
      store(hn::MulAdd(t.scale, dz, rest), out + p * out_stride + c, valid);
    }
  });
}

void accumulate_gradient_sums(const ChannelTransform& transform, const float* g, const float* x,
                              std::size_t pixels, std::size_t channels, std::span<double> sum_g,
                              std::span<double> sum_gx) {
  const Tag d;
  for (std::size_t begin = 0; begin < pixels; begin += kStretch) {
    const std::size_t length = std::min(kStretch, pixels - begin);
    for_vectors(channels, [&](std::size_t c, std::size_t valid) {
      const Coefficients t(transform, c, valid);
      Vector dz_sum = hn::Zero(d);
      Vector dzx_sum = hn::Zero(d);
      for (std::size_t p = begin; p < begin + length; ++p) {
        const std::size_t at = p * channels + c;
        const Vector v = load(x + at, valid);
        const Vector dz = t.masked(load(g + at, valid), v);
        dz_sum = hn::Add(dz_sum, dz);
        dzx_sum = hn::MulAdd(dz, hn::Sub(v, t.center), dzx_sum);
      }
      add_lanes(dz_sum, valid, sum_g.data() + c);
      add_lanes(dzx_sum, valid, sum_gx.data() + c);
    });
  }
}

void accumulate_sums(const float* x, std::size_t pixels, std::size_t stride,
                     std::span<double> sums) {
  const Tag d;
  for (std::size_t begin = 0; begin < pixels; begin += kStretch) {
    const std::size_t end = std::min(begin + kStretch, pixels);
    for_vectors(sums.size(), [&](std::size_t c, std::size_t valid) {
      Vector sum = hn::Zero(d);
      for (std::size_t p = begin; p < end; ++p) {
        sum = hn::Add(sum, load(x + p * stride + c, valid));
      }
      add_lanes(sum, valid, sums.data() + c);
    });
  }
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(apply_transform);
HWY_EXPORT(add_transformed);
HWY_EXPORT(add_bias);
HWY_EXPORT(add_to);
HWY_EXPORT(accumulate_moments);
HWY_EXPORT(transform_gradient);
HWY_EXPORT(accumulate_gradient_sums);
HWY_EXPORT(accumulate_sums);

void apply_transform(const ChannelTransform& transform, const float* x, std::size_t pixels,
                     std::size_t channels, float* out, std::size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(apply_transform)(transform, x, pixels, channels, out, out_stride);
}

void add_transformed(const ChannelTransform& transform_a, const float* a,
                     const ChannelTransform& transform_b, const float* b, std::size_t pixels,
                     std::size_t channels, float* out) {
  HWY_DYNAMIC_DISPATCH(add_transformed)(transform_a, a, transform_b, b, pixels, channels, out);
}

void add_bias(std::span<const float> bias, float* x, std::size_t pixels) {
  HWY_DYNAMIC_DISPATCH(add_bias)(bias, x, pixels);
}

void add_to(const float* x, std::size_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(add_to)(x, count, y);
}

void ChannelMoments::reset(std::size_t channels) {
  count = 0;
  mean.assign(channels, 0.0);
  squares.assign(channels, 0.0);
}

void ChannelMoments::merge(const ChannelMoments& other) {
  if (other.count == 0) return;
  const double total = count + other.count;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double delta = other.mean[c] - mean[c];
    mean[c] += delta * other.count / total;
    squares[c] += other.squares[c] + delta * delta * count * other.count / total;
  }
  count = total;
}

void accumulate_moments(const float* x, std::size_t pixels, ChannelMoments& moments) {
  HWY_DYNAMIC_DISPATCH(accumulate_moments)(x, pixels, moments);
}

void transform_gradient(const ChannelTransform& transform, const TransformGradient& gradient,
                        const float* g, const float* x, std::size_t pixels, std::size_t channels,
                        float* out, std::size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(transform_gradient)
  (transform, gradient, g, x, pixels, channels, out, out_stride);
}

void accumulate_gradient_sums(const ChannelTransform& transform, const float* g, const float* x,
                              std::size_t pixels, std::size_t channels, std::span<double> sum_g,
                              std::span<double> sum_gx) {
  HWY_DYNAMIC_DISPATCH(accumulate_gradient_sums)
  (transform, g, x, pixels, channels, sum_g, sum_gx);
}

void accumulate_sums(const float* x, std::size_t pixels, std::size_t stride,
                     std::span<double> sums) {
  HWY_DYNAMIC_DISPATCH(accumulate_sums)(x, pixels, stride, sums);
}

}  // namespace edgeprune::kernels
#endif
