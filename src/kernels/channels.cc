#include "edgeprune/kernels/channels.h"

#include "register_tiles.h"
#include "unroll.h"

#include <algorithm>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "channels.cc"
#include <hwy/foreach_target.h>
#include "channel_transform-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
// Float sums run over at most this many pixels before they are added to a double.
constexpr std::size_t kStretch = 64;

void add_to(const float* x, std::size_t count, float* y) {
  for_vectors(count, [&](std::size_t i, std::size_t valid) {
    store(hn::Add(load(y + i, valid), load(x + i, valid)), y + i, valid);
  });
}

// Where rows of channels are read, worked on and written, and what is summed on the way: each
// finish_... below is one of these.
template <typename T>
struct OutputRows {
  const float* bias;
  T* out;
  std::size_t out_stride;
  float* pivot;
  double* sum;
  double* sum_squared_deviations;
};

// Calls body(v, valid) for each of a panel's V vectors.
template <std::size_t V, typename Body>
HWY_INLINE void for_panel(std::size_t num_channels, Body&& body) {
  for (std::size_t v = 0; v < V; ++v) {
    body(v, std::min(lanes(), num_channels - v * lanes()));
  }
}

// How a panel's vectors are written.
enum class Store { part, whole, stream };

// Returns what a load would give now.
template <Store kStore>
HWY_INLINE Vector store_as(Vector v, float* to, std::size_t valid) {
  if constexpr (kStore == Store::part) {
    store(v, to, valid);
  } else if constexpr (kStore == Store::whole) {
    store_all(v, to);
  } else {
    hn::Stream(v, Tag(), to);
  }
  return v;
}
template <Store kStore>
HWY_INLINE Vector store_as(Vector v, BFloat16* to, std::size_t valid) {
  const hn::Vec<Tag16> bits = rounded_bits(v);
  if constexpr (kStore == Store::part) {
    store(v, to, valid);
  } else if constexpr (kStore == Store::whole || hn::MaxLanes(Tag16()) * sizeof(BFloat16) < 16) {
    // Of half a 16-byte vector, Highway's Stream would write all 16 bytes.
    hn::StoreU(bits, Tag16(), &to->bits);
  } else {
    hn::Stream(bits, Tag16(), &to->bits);
  }
  return from_bits(bits);
}

template <std::size_t V, Store kStore, typename T>
void output_stretch(const float* results, std::size_t num_rows, std::size_t num_channels,
                    const OutputRows<T>& rows) {
  const Tag d;
  const std::size_t n = lanes();
  Vector bias[V];
  Vector pivot[V];
  Vector sum[V];
  Vector sum_squared_deviations[V];
  for_panel<V>(num_channels, [&](std::size_t v, std::size_t valid) {
    bias[v] = rows.bias != nullptr ? load(rows.bias + v * n, valid) : hn::Zero(d);
    pivot[v] = rows.pivot != nullptr ? load(rows.pivot + v * n, valid) : hn::Zero(d);
    sum[v] = hn::Zero(d);
    sum_squared_deviations[v] = hn::Zero(d);
  });
  T* out = rows.out;
  const std::size_t stride = rows.out_stride;
  for (std::size_t r = 0; r < num_rows; ++r, out += stride) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) {
      const Vector y = hn::Add(load_all(results + (r * V + v) * n), bias[v]);
      const Vector stored = store_as<kStore>(y, out + v * n, std::min(n, num_channels - v * n));
      const Vector off = hn::Sub(stored, pivot[v]);
      sum[v] = hn::Add(sum[v], off);
      sum_squared_deviations[v] = hn::MulAdd(off, off, sum_squared_deviations[v]);
    }
  }
  if (rows.sum == nullptr) return;
  for_panel<V>(num_channels, [&](std::size_t v, std::size_t valid) {
    add_lanes(sum[v], valid, rows.sum + v * n);
    add_lanes(sum_squared_deviations[v], valid, rows.sum_squared_deviations + v * n);
  });
}

template <std::size_t V, typename T>
void output_rows(const ResultPanel& panel, OutputRows<T> rows, bool stream) {
  const std::size_t n = lanes();
  for (std::size_t r = 0; r < panel.num_rows; r += kStretch) {
    const std::size_t num_rows = std::min(kStretch, panel.num_rows - r);
    const float* results = panel.results + r * V * n;
    if (panel.num_channels != V * n) {
      output_stretch<V, Store::part>(results, num_rows, panel.num_channels, rows);
    } else if (stream) {
      output_stretch<V, Store::stream>(results, num_rows, panel.num_channels, rows);
    } else {
      output_stretch<V, Store::whole>(results, num_rows, panel.num_channels, rows);
    }
    rows.out += num_rows * rows.out_stride;
  }
}

// Calls body<V>() for a panel of V vectors: one to four (products.h).
template <typename Body>
HWY_INLINE void with_panel_vectors(std::size_t num_channels, Body&& body) {
  with_constant<4>((num_channels + lanes() - 1) / lanes(), body);
}

// The first row of a panel, as it will be stored.
template <typename T>
void take_pivot(const ResultPanel& panel, const float* bias, float* pivot) {
  for (std::size_t c = 0; c < panel.num_channels; ++c) {
    const float value = panel.results[c] + (bias != nullptr ? bias[c] : 0.0f);
    pivot[c] = static_cast<float>(static_cast<T>(value));
  }
}

void finish_output(const ResultPanel& panel, const OutputTarget& target, std::size_t first_pixel) {
  with_type(target.out.type, [&]<typename T>(T*) {
    const std::size_t c = panel.first_channel;
    OutputRows<T> rows{.bias = target.bias.empty() ? nullptr : target.bias.data() + c,
                       .out = static_cast<T*>(target.out.data) + first_pixel * target.channels + c,
                       .out_stride = target.channels,
                       .pivot = nullptr,
                       .sum = nullptr,
                       .sum_squared_deviations = nullptr};
    if (ChannelMoments* moments = target.moments) {
      rows.pivot = moments->pivot.data() + c;
      rows.sum = moments->sum.data() + c;
      rows.sum_squared_deviations = moments->sum_squared_deviations.data() + c;
      if (moments->count == 0) take_pivot<T>(panel, rows.bias, rows.pivot);
    }
    with_panel_vectors(panel.num_channels,
                       [&]<std::size_t V>() { output_rows<V>(panel, rows, target.stream); });
  });
}

void accumulate_moments(ConstElements x, std::size_t pixels, ChannelMoments& moments) {
  const std::size_t channels = moments.pivot.size();
  const Tag d;
  with_type(x.type, [&]<typename T>(T*) {
    const T* values = static_cast<const T*>(x.data);
    if (moments.count == 0) {
      for (std::size_t c = 0; c < channels; ++c) moments.pivot[c] = static_cast<float>(values[c]);
    }
    for (std::size_t begin = 0; begin < pixels; begin += kStretch) {
      const std::size_t length = std::min(kStretch, pixels - begin);
      for_vectors(channels, [&](std::size_t c, std::size_t valid) {
        const T* at = values + begin * channels + c;
        const Vector pivot = load(moments.pivot.data() + c, valid);
        Vector sum = hn::Zero(d);
        Vector sum_squared_deviations = hn::Zero(d);
        for (std::size_t p = 0; p < length; ++p) {
          const Vector v = hn::Sub(load(at + p * channels, valid), pivot);
          sum = hn::Add(sum, v);
          sum_squared_deviations = hn::MulAdd(v, v, sum_squared_deviations);
        }
        add_lanes(sum, valid, moments.sum.data() + c);
        add_lanes(sum_squared_deviations, valid, moments.sum_squared_deviations.data() + c);
      });
    }
  });
  moments.count += static_cast<double>(pixels);
}

// Rows of the gradient on their way from `g` to an activation's dz.
template <typename G, typename T>
struct GradientRows {
  const G* g;
  std::size_t g_stride;
  const T* x;
  T* dz;
  std::size_t stride;  // of x and dz
  bool accumulate;
  bool stream;
  double* sum;
  double* sum_x;
};

template <std::size_t V, Store kStore, bool kClamped, typename G, typename T>
void gradient_stretch(const ChannelTransform& transform, std::size_t c, std::size_t num_rows,
                      std::size_t num_channels, const GradientRows<G, T>& rows) {
  const Tag d;
  const std::size_t n = lanes();
  Coefficients t[V];
  Vector sum[V];
  Vector sum_x[V];
  for_panel<V>(num_channels, [&](std::size_t v, std::size_t valid) {
    t[v] = Coefficients(transform, c + v * n, valid);
    sum[v] = hn::Zero(d);
    sum_x[v] = hn::Zero(d);
  });
  // Local copies: the compiler knows that no store changes them.
  const bool accumulate = rows.accumulate;
  const G* g = rows.g;
  const T* x = rows.x;
  T* dz = rows.dz;
  const std::size_t g_stride = rows.g_stride;
  const std::size_t stride = rows.stride;
  for (std::size_t r = 0; r < num_rows; ++r, g += g_stride, x += stride, dz += stride) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) {
      constexpr bool kWhole = kStore != Store::part;
      const std::size_t valid = kWhole ? n : std::min(n, num_channels - v * n);
      const auto read = [&](const auto* from) {
        return kWhole ? load_all(from + v * n) : load(from + v * n, valid);
      };
      const Vector value = read(x);
      Vector dz_new = read(g);
      if constexpr (kClamped) dz_new = t[v].masked(dz_new, value);
      if (accumulate) dz_new = hn::Add(dz_new, read(dz));
      dz_new = store_as<kStore>(dz_new, dz + v * n, valid);
      sum[v] = hn::Add(sum[v], dz_new);
      sum_x[v] = hn::MulAdd(dz_new, hn::Sub(value, t[v].center), sum_x[v]);
    }
  }
  if (rows.sum == nullptr) return;
  for_panel<V>(num_channels, [&](std::size_t v, std::size_t valid) {
    add_lanes(sum[v], valid, rows.sum + v * n);
    add_lanes(sum_x[v], valid, rows.sum_x + v * n);
  });
}

template <std::size_t V, typename G, typename T>
void gradient_panel(const ChannelTransform& transform, std::size_t c, std::size_t num_rows,
                    std::size_t num_channels, GradientRows<G, T> rows) {
  const auto run = [&]<Store kStore>(std::size_t length) {
    if (transform.is_clamped()) {
      gradient_stretch<V, kStore, true>(transform, c, length, num_channels, rows);
    } else {
      gradient_stretch<V, kStore, false>(transform, c, length, num_channels, rows);
    }
  };
  for (std::size_t r = 0; r < num_rows; r += kStretch) {
    const std::size_t length = std::min(kStretch, num_rows - r);
    if (num_channels != V * lanes()) {
      run.template operator()<Store::part>(length);
    } else if (rows.stream) {
      run.template operator()<Store::stream>(length);
    } else {
      run.template operator()<Store::whole>(length);
    }
    rows.g += length * rows.g_stride;
    rows.x += length * rows.stride;
    rows.dz += length * rows.stride;
  }
}

template <typename G, typename T>
GradientRows<G, T> gradient_rows_at(const G* g, std::size_t g_stride, const GradientTarget& target,
                                    std::size_t pixel, std::size_t step, std::size_t c) {
  const std::size_t at = pixel * target.channels + c;
  return {.g = g,
          .g_stride = g_stride,
          .x = static_cast<const T*>(target.x.data) + at,
          .dz = static_cast<T*>(target.dz.data) + at,
          .stride = step * target.channels,
          .accumulate = target.accumulate,
          .stream = target.stream,
          .sum = target.sums != nullptr ? target.sums->dz.data() + c : nullptr,
          .sum_x = target.sums != nullptr ? target.sums->dz_x.data() + c : nullptr};
}

void finish_gradient_panel(const ResultPanel& panel, const GradientTarget& target,
                           std::size_t first_pixel, std::size_t pixel_step) {
  with_type(target.dz.type, [&]<typename T>(T*) {
    with_panel_vectors(panel.num_channels, [&]<std::size_t V>() {
      gradient_panel<V>(target.transform, panel.first_channel, panel.num_rows, panel.num_channels,
                        gradient_rows_at<float, T>(panel.results, V * lanes(), target, first_pixel,
                                                   pixel_step, panel.first_channel));
    });
  });
}

void finish_gradient_rows(ConstElements g, std::size_t pixels, const GradientTarget& target,
                          std::size_t first_pixel) {
  with_type(g.type, [&]<typename G>(G*) {
    with_type(target.dz.type, [&]<typename T>(T*) {
      const std::size_t width = 2 * lanes();
      for (std::size_t c = 0; c < target.channels; c += width) {
        const std::size_t num_channels = std::min(width, target.channels - c);
        const auto rows = gradient_rows_at<G, T>(static_cast<const G*>(g.data) + c, target.channels,
                                                 target, first_pixel, 1, c);
        if (num_channels > lanes()) {
          gradient_panel<2>(target.transform, c, pixels, num_channels, rows);
        } else {
          gradient_panel<1>(target.transform, c, pixels, num_channels, rows);
        }
      }
    });
  });
}

void accumulate_sums(ConstElements x, std::size_t pixels, std::size_t stride,
                     std::span<double> sums) {
  const Tag d;
  with_type(x.type, [&]<typename T>(T*) {
    const T* values = static_cast<const T*>(x.data);
    for (std::size_t begin = 0; begin < pixels; begin += kStretch) {
      const std::size_t end = std::min(begin + kStretch, pixels);
      for_vectors(sums.size(), [&](std::size_t c, std::size_t valid) {
        Vector sum = hn::Zero(d);
        for (std::size_t p = begin; p < end; ++p) {
          sum = hn::Add(sum, load(values + p * stride + c, valid));
        }
        add_lanes(sum, valid, sums.data() + c);
      });
    }
  });
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <hwy/cache_control.h>

namespace edgeprune::kernels {

HWY_EXPORT(add_to);
HWY_EXPORT(accumulate_moments);
HWY_EXPORT(finish_output);
HWY_EXPORT(finish_gradient_panel);
HWY_EXPORT(finish_gradient_rows);
HWY_EXPORT(accumulate_sums);

void add_to(const float* x, std::size_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(add_to)(x, count, y);
}

void ChannelMoments::reset(std::size_t channels) {
  count = 0;
  pivot.assign(channels, 0.0f);
  sum.assign(channels, 0.0);
  sum_squared_deviations.assign(channels, 0.0);
}

ChannelMoments::Deviations ChannelMoments::merge(std::span<const ChannelMoments> parts) {
  const std::size_t channels = parts[0].pivot.size();
  Deviations total{.count = 0,
                   .mean = std::vector<double>(channels),
                   .sum_squared_deviations = std::vector<double>(channels)};
  for (const ChannelMoments& part : parts) {
    if (part.count == 0) continue;
    const double count = total.count + part.count;
    const double inverse = 1 / part.count;
    const double share = part.count / count;
    const double weight = total.count * share;
    for (std::size_t c = 0; c < channels; ++c) {
      const double offset = part.sum[c] * inverse;
      const double delta = part.pivot[c] + offset - total.mean[c];
      total.mean[c] += delta * share;
      total.sum_squared_deviations[c] +=
          part.sum_squared_deviations[c] - offset * part.sum[c] + delta * delta * weight;
    }
    total.count = count;
  }
  return total;
}

void accumulate_moments(ConstElements x, std::size_t pixels, ChannelMoments& moments) {
  HWY_DYNAMIC_DISPATCH(accumulate_moments)(x, pixels, moments);
}

void finish_output(const ResultPanel& panel, const OutputTarget& target, std::size_t first_pixel) {
  HWY_DYNAMIC_DISPATCH(finish_output)(panel, target, first_pixel);
}

bool may_stream(ElementType type, std::size_t channels) {
  constexpr std::size_t kLineBytes = 64;
  return channels * size_of(type) % kLineBytes == 0;
}

void finish_streams() {
  hwy::FlushStream();
}

void GradientSums::reset(std::size_t channels) {
  dz.assign(channels, 0.0);
  dz_x.assign(channels, 0.0);
}

void finish_gradient(const ResultPanel& panel, const GradientTarget& target,
                     std::size_t first_pixel, std::size_t pixel_step) {
  HWY_DYNAMIC_DISPATCH(finish_gradient_panel)(panel, target, first_pixel, pixel_step);
}

void finish_gradient(ConstElements g, std::size_t pixels, const GradientTarget& target,
                     std::size_t first_pixel) {
  HWY_DYNAMIC_DISPATCH(finish_gradient_rows)(g, pixels, target, first_pixel);
}

void accumulate_sums(ConstElements x, std::size_t pixels, std::size_t stride,
                     std::span<double> sums) {
  HWY_DYNAMIC_DISPATCH(accumulate_sums)(x, pixels, stride, sums);
}

}  // namespace edgeprune::kernels
#endif
