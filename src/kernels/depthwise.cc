#include "edgeprune/kernels/depthwise.h"

#include "unroll.h"

#include <algorithm>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "depthwise.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
constexpr std::size_t kFetchResults = DepthwiseFetch::kResults;

// The lines of one row of results of one vector.
class RowFetch {
 public:
  RowFetch(const DepthwiseFetch& fetch, std::size_t columns)
      : each_(fetch.lines), lines_(fetch.ahead.take(columns / kFetchResults * each_)) {}
  HWY_INLINE void fetch() {
    for (std::size_t i = 0; i < each_; ++i) lines_.fetch();
  }

 private:
  std::size_t each_;
  ReadAhead::Lines lines_;
};

// B outputs of one row, side by side, that share the loads of their overlapping windows.
template <std::size_t S, std::size_t B>
HWY_INLINE void forward_pixels(const float* const rows[3], std::size_t stride, const Vector w[9],
                               std::size_t channels, float* out) {
  const Tag d;
  Vector sum[B];
  EDGEPRUNE_UNROLL
  for (std::size_t b = 0; b < B; ++b) sum[b] = hn::Zero(d);
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < 3; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t q = 0; q < (B - 1) * S + 3; ++q) {
      const Vector v = hn::LoadU(d, rows[r] + q * stride);
      EDGEPRUNE_UNROLL
      for (std::size_t b = 0; b < B; ++b) {
        if (q >= b * S && q < b * S + 3) sum[b] = hn::MulAdd(v, w[r * 3 + q - b * S], sum[b]);
      }
    }
  }
  EDGEPRUNE_UNROLL
  for (std::size_t b = 0; b < B; ++b) hn::StoreU(sum[b], d, out + b * channels);
}

// One vector of channels of a 3x3 kernel with stride S.
template <std::size_t S>
void forward_3x3(const DepthwiseWeights& weights, const DepthwisePixels& patch,
                 std::size_t patch_columns, std::size_t channels, std::size_t out_rows,
                 std::size_t out_columns, float* out, const DepthwiseFetch& fetch) {
  Vector w[9];
  EDGEPRUNE_UNROLL
  for (std::size_t k = 0; k < 9; ++k) w[k] = hn::LoadU(Tag(), weights.values + k * weights.stride);
  const std::size_t row_floats = patch_columns * patch.stride;
  for (std::size_t y = 0; y < out_rows; ++y, out += out_columns * channels) {
    const float* first = patch.values + y * S * row_floats;
    const auto pixels = [&]<std::size_t B>(std::size_t x) {
      const float* at = first + x * S * patch.stride;
      const float* rows[3] = {at, at + row_floats, at + 2 * row_floats};
      forward_pixels<S, B>(rows, patch.stride, w, channels, out + x * channels);
    };
    RowFetch next(fetch, out_columns);
    std::size_t x = 0;
    for (; x + kFetchResults <= out_columns; x += kFetchResults) {
      pixels.template operator()<kFetchResults>(x);
      next.fetch();
    }
    for (; x < out_columns; ++x) pixels.template operator()<1>(x);
  }
}

// Any kernel and stride.
void forward_any(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                 const DepthwisePixels& patch, std::size_t patch_columns, std::size_t channels,
                 std::size_t out_rows, std::size_t out_columns, float* out) {
  for (std::size_t y = 0; y < out_rows; ++y) {
    for (std::size_t x = 0; x < out_columns; ++x, out += channels) {
      Vector sum = hn::Zero(Tag());
      const float* w = weights.values;
      for (std::size_t r = 0; r < geometry.kernel_height; ++r) {
        const float* at = patch.values + ((y * geometry.stride_height + r) * patch_columns +
                                          x * geometry.stride_width) *
                                             patch.stride;
        for (std::size_t q = 0; q < geometry.kernel_width; ++q, w += weights.stride) {
          sum = hn::MulAdd(load_all(at + q * patch.stride), load_all(w), sum);
        }
      }
      store_all(sum, out);
    }
  }
}

bool is_3x3(const DepthwiseGeometry& g, std::uint32_t stride) {
  return g.kernel_height == 3 && g.kernel_width == 3 && g.stride_height == stride &&
         g.stride_width == stride;
}

DepthwisePixels from_channel(const DepthwisePixels& pixels, std::size_t channel) {
  return {pixels.values + channel, pixels.stride};
}

void depthwise_forward(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                       const DepthwisePixels& patch, std::size_t patch_columns,
                       std::size_t channels, std::size_t out_rows, std::size_t out_columns,
                       float* out, const DepthwiseFetch& fetch) {
  for (std::size_t c = 0; c < channels; c += lanes()) {
    const DepthwiseWeights w{weights.values + c, weights.stride};
    const DepthwisePixels from = from_channel(patch, c);
    if (is_3x3(geometry, 1)) {
      forward_3x3<1>(w, from, patch_columns, channels, out_rows, out_columns, out + c, fetch);
    } else if (is_3x3(geometry, 2)) {
      forward_3x3<2>(w, from, patch_columns, channels, out_rows, out_columns, out + c, fetch);
    } else {
      forward_any(geometry, w, from, patch_columns, channels, out_rows, out_columns, out + c);
    }
  }
}

// B inputs of one row side by side; dy points at the window's corner of the first.
template <std::size_t B>
HWY_INLINE void backward_pixels(const DepthwisePixels& dy, std::size_t row_floats,
                                const DepthwisePixels& z, const Vector w[9], Vector dw[9],
                                std::size_t channels, float* g) {
  const Tag d;
  Vector in[B];
  Vector sum[B];
  EDGEPRUNE_UNROLL
  for (std::size_t b = 0; b < B; ++b) {
    in[b] = hn::LoadU(d, z.values + b * z.stride);
    sum[b] = hn::Zero(d);
  }
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < 3; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t q = 0; q < B + 2; ++q) {
      const Vector v = hn::LoadU(d, dy.values + r * row_floats + q * dy.stride);
      EDGEPRUNE_UNROLL
      for (std::size_t b = 0; b < B; ++b) {
        if (q < b || q >= b + 3) continue;
        const std::size_t tap = 8 - (r * 3 + q - b);
        sum[b] = hn::MulAdd(v, w[tap], sum[b]);
        dw[tap] = hn::MulAdd(v, in[b], dw[tap]);
      }
    }
  }
  EDGEPRUNE_UNROLL
  for (std::size_t b = 0; b < B; ++b) hn::StoreU(sum[b], d, g + b * channels);
}

// One vector of channels of a 3x3 kernel with stride 1; dy points at the corner of the first
// input's window.
void backward_3x3(const DepthwiseWeights& weights, const DepthwiseBackwardTile& tile,
                  const DepthwisePixels& dy, DepthwisePixels z, std::size_t channels, float* g,
                  float* weight_gradient, std::size_t gradient_stride,
                  const DepthwiseFetch& fetch) {
  constexpr std::size_t kBlock = 2;
  static_assert(kFetchResults % kBlock == 0);
  const Tag d;
  Vector w[9];
  Vector dw[9];
  EDGEPRUNE_UNROLL
  for (std::size_t k = 0; k < 9; ++k) {
    w[k] = hn::LoadU(d, weights.values + k * weights.stride);
    dw[k] = hn::LoadU(d, weight_gradient + k * gradient_stride);
  }
  const std::size_t row_floats = tile.patch_columns * dy.stride;
  for (std::size_t y = 0; y < tile.num_rows; ++y) {
    DepthwisePixels corner{dy.values + y * row_floats, dy.stride};
    const auto pixels = [&]<std::size_t B>() {
      backward_pixels<B>(corner, row_floats, z, w, dw, channels, g);
      corner.values += B * dy.stride;
      z.values += B * z.stride;
      g += B * channels;
    };
    RowFetch next(fetch, tile.num_columns);
    std::size_t x = 0;
    for (; x + kFetchResults <= tile.num_columns; x += kFetchResults) {
      for (std::size_t b = 0; b < kFetchResults; b += kBlock) pixels.template operator()<kBlock>();
      next.fetch();
    }
    for (; x < tile.num_columns; ++x) pixels.template operator()<1>();
  }
  EDGEPRUNE_UNROLL
  for (std::size_t k = 0; k < 9; ++k) hn::StoreU(dw[k], d, weight_gradient + k * gradient_stride);
}

// One vector of channels of a 3x3 kernel with stride 2 and padding 1: each block of 2x2 inputs,
// from an even row and column on, meets the same 2x2 outputs.
void backward_3x3_stride_2(const DepthwiseWeights& weights, const DepthwiseBackwardTile& tile,
                           const DepthwisePixels& dy, const DepthwisePixels& z,
                           std::size_t channels, float* g, float* weight_gradient,
                           std::size_t gradient_stride, const DepthwiseFetch& fetch) {
  const Tag d;
  Vector w[9];
  Vector dw[9];
  EDGEPRUNE_UNROLL
  for (std::size_t k = 0; k < 9; ++k) {
    w[k] = hn::LoadU(d, weights.values + k * weights.stride);
    dw[k] = hn::LoadU(d, weight_gradient + k * gradient_stride);
  }
  const std::size_t patch_row = tile.patch_columns * dy.stride;
  const std::size_t z_row = tile.num_columns * z.stride;
  const std::size_t g_row = tile.num_columns * channels;
  for (std::uint32_t y = 0; y < tile.num_rows; y += 2) {
    const auto u = static_cast<std::int32_t>((tile.row_begin + y) / 2);
    const float* at = dy.values + static_cast<std::size_t>(u - tile.patch_first_row) * patch_row +
                      static_cast<std::size_t>(-tile.patch_first_column) * dy.stride;
    const float* in = z.values + y * z_row;
    float* out = g + y * g_row;
    RowFetch next(fetch, 2 * tile.num_columns);
    for (std::uint32_t x = 0; x < tile.num_columns; x += 2, at += dy.stride) {
      const Vector dy00 = hn::LoadU(d, at);
      const Vector dy01 = hn::LoadU(d, at + dy.stride);
      const Vector dy10 = hn::LoadU(d, at + patch_row);
      const Vector dy11 = hn::LoadU(d, at + patch_row + dy.stride);
      const Vector z00 = hn::LoadU(d, in);
      const Vector z01 = hn::LoadU(d, in + z.stride);
      const Vector z10 = hn::LoadU(d, in + z_row);
      const Vector z11 = hn::LoadU(d, in + z_row + z.stride);
      hn::StoreU(hn::Mul(dy00, w[4]), d, out);
      hn::StoreU(hn::MulAdd(dy00, w[5], hn::Mul(dy01, w[3])), d, out + channels);
      hn::StoreU(hn::MulAdd(dy00, w[7], hn::Mul(dy10, w[1])), d, out + g_row);
      hn::StoreU(hn::MulAdd(dy00, w[8],
                            hn::MulAdd(dy01, w[6], hn::MulAdd(dy10, w[2], hn::Mul(dy11, w[0])))),
                 d, out + g_row + channels);
      dw[4] = hn::MulAdd(dy00, z00, dw[4]);
      dw[5] = hn::MulAdd(dy00, z01, dw[5]);
      dw[3] = hn::MulAdd(dy01, z01, dw[3]);
      dw[7] = hn::MulAdd(dy00, z10, dw[7]);
      dw[1] = hn::MulAdd(dy10, z10, dw[1]);
      dw[8] = hn::MulAdd(dy00, z11, dw[8]);
      dw[6] = hn::MulAdd(dy01, z11, dw[6]);
      dw[2] = hn::MulAdd(dy10, z11, dw[2]);
      dw[0] = hn::MulAdd(dy11, z11, dw[0]);
      next.fetch();
      in += 2 * z.stride;
      out += 2 * channels;
    }
  }
  EDGEPRUNE_UNROLL
  for (std::size_t k = 0; k < 9; ++k) hn::StoreU(dw[k], d, weight_gradient + k * gradient_stride);
}

bool in_blocks_of_two(const DepthwiseBackwardTile& tile) {
  return tile.padding_height == 1 && tile.padding_width == 1 && tile.row_begin % 2 == 0 &&
         tile.num_rows % 2 == 0 && tile.num_columns % 2 == 0;
}

// Any kernel and stride.
void backward_any(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                  const DepthwiseBackwardTile& tile, const DepthwisePixels& dy, DepthwisePixels z,
                  std::size_t channels, float* g, float* weight_gradient,
                  std::size_t gradient_stride) {
  for (std::uint32_t y = 0; y < tile.num_rows; ++y) {
    const std::uint32_t top = tile.row_begin + y + tile.padding_height;
    for (std::uint32_t x = 0; x < tile.num_columns; ++x, z.values += z.stride, g += channels) {
      const std::uint32_t left = x + tile.padding_width;
      const Vector in = load_all(z.values);
      Vector sum = hn::Zero(Tag());
      for (std::uint32_t r = top % geometry.stride_height; r < geometry.kernel_height && r <= top;
           r += geometry.stride_height) {
        const auto row = static_cast<std::int32_t>((top - r) / geometry.stride_height);
        const float* dy_row = dy.values + static_cast<std::size_t>(row - tile.patch_first_row) *
                                              tile.patch_columns * dy.stride;
        for (std::uint32_t q = left % geometry.stride_width; q < geometry.kernel_width && q <= left;
             q += geometry.stride_width) {
          const auto column = static_cast<std::int32_t>((left - q) / geometry.stride_width);
          const std::size_t tap = std::size_t{r} * geometry.kernel_width + q;
          const Vector v = load_all(
              dy_row + static_cast<std::size_t>(column - tile.patch_first_column) * dy.stride);
          float* dw = weight_gradient + tap * gradient_stride;
          sum = hn::MulAdd(v, load_all(weights.values + tap * weights.stride), sum);
          store_all(hn::MulAdd(v, in, load_all(dw)), dw);
        }
      }
      store_all(sum, g);
    }
  }
}

void depthwise_backward(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                        const DepthwiseBackwardTile& tile, const DepthwisePixels& dy_patch,
                        const DepthwisePixels& z, std::size_t channels, float* g,
                        float* weight_gradient, std::size_t gradient_stride,
                        const DepthwiseFetch& fetch) {
  // Where the patch holds the corner of the first input's window of 3x3.
  const std::int64_t row =
      std::int64_t{tile.row_begin} + tile.padding_height - 2 - tile.patch_first_row;
  const std::int64_t column = std::int64_t{tile.padding_width} - 2 - tile.patch_first_column;
  const auto corner = static_cast<std::size_t>(row * tile.patch_columns + column) * dy_patch.stride;
  for (std::size_t c = 0; c < channels; c += lanes()) {
    const DepthwiseWeights w{weights.values + c, weights.stride};
    const DepthwisePixels dy = from_channel(dy_patch, c);
    const DepthwisePixels in = from_channel(z, c);
    float* dw = weight_gradient + c;
    if (is_3x3(geometry, 1)) {
      backward_3x3(w, tile, {dy.values + corner, dy.stride}, in, channels, g + c, dw,
                   gradient_stride, fetch);
    } else if (is_3x3(geometry, 2) && in_blocks_of_two(tile)) {
      backward_3x3_stride_2(w, tile, dy, in, channels, g + c, dw, gradient_stride, fetch);
    } else {
      backward_any(geometry, w, tile, dy, in, channels, g + c, dw, gradient_stride);
    }
  }
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(depthwise_forward);
HWY_EXPORT(depthwise_backward);

void depthwise_forward(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                       const DepthwisePixels& patch, std::size_t patch_columns,
                       std::size_t channels, std::size_t out_rows, std::size_t out_columns,
                       float* out, const DepthwiseFetch& fetch) {
  HWY_DYNAMIC_DISPATCH(depthwise_forward)
  (geometry, weights, patch, patch_columns, channels, out_rows, out_columns, out, fetch);
}

void depthwise_backward(const DepthwiseGeometry& geometry, const DepthwiseWeights& weights,
                        const DepthwiseBackwardTile& tile, const DepthwisePixels& dy_patch,
                        const DepthwisePixels& z, std::size_t channels, float* g,
                        float* weight_gradient, std::size_t gradient_stride,
                        const DepthwiseFetch& fetch) {
  HWY_DYNAMIC_DISPATCH(depthwise_backward)
  (geometry, weights, tile, dy_patch, z, channels, g, weight_gradient, gradient_stride, fetch);
}

}  // namespace edgeprune::kernels
#endif
