#include "edgeprune/kernels/winograd.h"

#include "edgeprune/kernels/products.h"

#include <algorithm>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "winograd.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {

// Each of these maps one line of a matrix: down its columns first, then along its rows.

// B' d.
HWY_INLINE void input_line(const Vector (&d)[4], Vector (&out)[4]) {
  out[0] = hn::Sub(d[0], d[2]);
  out[1] = hn::Add(d[1], d[2]);
  out[2] = hn::Sub(d[2], d[1]);
  out[3] = hn::Sub(d[1], d[3]);
}

// A y.
HWY_INLINE void gradient_line(const Vector (&y)[2], Vector (&out)[4]) {
  out[0] = y[0];
  out[1] = hn::Add(y[0], y[1]);
  out[2] = hn::Sub(y[0], y[1]);
  out[3] = hn::Neg(y[1]);
}

// A' m.
HWY_INLINE void output_line(const Vector (&m)[4], Vector (&out)[2]) {
  out[0] = hn::Add(hn::Add(m[0], m[1]), m[2]);
  out[1] = hn::Sub(hn::Sub(m[1], m[2]), m[3]);
}

// G w.
HWY_INLINE void weight_line(const Vector (&w)[3], Vector (&out)[4]) {
  const Vector half = hn::Set(Tag(), 0.5f);
  const Vector ends = hn::Mul(half, hn::Add(w[0], w[2]));
  out[0] = w[0];
  out[1] = hn::MulAdd(half, w[1], ends);
  out[2] = hn::NegMulAdd(half, w[1], ends);
  out[3] = w[2];
}

// G' s.
HWY_INLINE void weight_gradient_line(const Vector (&s)[4], Vector (&out)[3]) {
  const Vector half = hn::Set(Tag(), 0.5f);
  const Vector middle = hn::Mul(half, hn::Add(s[1], s[2]));
  out[0] = hn::Add(s[0], middle);
  out[1] = hn::Mul(half, hn::Sub(s[1], s[2]));
  out[2] = hn::Add(middle, s[3]);
}

// A row of tiles for one vector of channels. Neighbours share two columns, which are mapped once.
HWY_INLINE void input_row(const float* patch, std::size_t row_values, std::size_t num_tiles,
                          std::size_t channels, std::size_t valid,
                          const WinogradMatrices<float>& out) {
  const auto column = [&](const float* at, Vector(&mapped)[4]) {
    Vector d[4];
    for (std::size_t i = 0; i < 4; ++i) d[i] = load(at + i * row_values, valid);
    input_line(d, mapped);
  };
  Vector left[2][4];
  column(patch, left[0]);
  column(patch + channels, left[1]);
  float* to = out.data;
  for (std::size_t tile = 0; tile < num_tiles; ++tile, to += out.row_stride) {
    patch += 2 * channels;
    Vector right[2][4];
    column(patch, right[0]);
    column(patch + channels, right[1]);
    for (std::size_t i = 0; i < 4; ++i) {
      const Vector line[4] = {left[0][i], left[1][i], right[0][i], right[1][i]};
      Vector mapped[4];
      input_line(line, mapped);
      for (std::size_t j = 0; j < 4; ++j) {
        store_all(mapped[j], to + (4 * i + j) * out.position_stride);
      }
      left[0][i] = right[0][i];
      left[1][i] = right[1][i];
    }
  }
}

void winograd_input(const float* patch, const WinogradTiles& tiles, std::size_t channels,
                    const WinogradMatrices<float>& out) {
  const std::size_t row_values = tiles.patch_columns() * channels;
  for (std::size_t row = 0; row < tiles.rows; ++row) {
    for_vectors(channels, [&](std::size_t c, std::size_t valid) {
      WinogradMatrices<float> to = out;
      to.data += row * tiles.columns * out.row_stride + c;
      input_row(patch + 2 * row * row_values + c, row_values, tiles.columns, channels, valid, to);
    });
  }
}

void winograd_output_gradient(const float* dy, const WinogradTiles& tiles, std::size_t channels,
                              const WinogradMatrices<float>& out) {
  const std::size_t row_values = 2 * tiles.columns * channels;
  float* to = out.data;
  for (std::size_t row = 0; row < tiles.rows; ++row, dy += row_values) {
    for (std::size_t tile = 0; tile < tiles.columns; ++tile, to += out.row_stride) {
      for_vectors(channels, [&](std::size_t c, std::size_t valid) {
        Vector columns[2][4];
        for (std::size_t x = 0; x < 2; ++x) {
          const float* at = dy + x * channels + c;
          const Vector y[2] = {load(at, valid), load(at + row_values, valid)};
          gradient_line(y, columns[x]);
        }
        for (std::size_t i = 0; i < 4; ++i) {
          const Vector line[2] = {columns[0][i], columns[1][i]};
          Vector mapped[4];
          gradient_line(line, mapped);
          for (std::size_t j = 0; j < 4; ++j) {
            store_all(mapped[j], to + (4 * i + j) * out.position_stride + c);
          }
        }
      });
      dy += 2 * channels;
    }
  }
}

void winograd_output(const WinogradMatrices<const float>& products, const WinogradTiles& tiles,
                     std::size_t channels, std::size_t out_rows, std::size_t out_columns,
                     float* out) {
  const float* from = products.data;
  for (std::size_t row = 0; row < tiles.rows; ++row) {
    const std::size_t rows = std::min<std::size_t>(2, out_rows - 2 * row);
    for (std::size_t tile = 0; tile < tiles.columns; ++tile, from += products.row_stride) {
      const std::size_t columns = std::min<std::size_t>(2, out_columns - 2 * tile);
      float* to = out + (2 * row * out_columns + 2 * tile) * channels;
      for (std::size_t c = 0; c < channels; c += lanes()) {
        Vector half[4][2];
        for (std::size_t j = 0; j < 4; ++j) {
          Vector m[4];
          for (std::size_t i = 0; i < 4; ++i) {
            m[i] = load_all(from + (4 * i + j) * products.position_stride + c);
          }
          output_line(m, half[j]);
        }
        for (std::size_t y = 0; y < rows; ++y) {
          const Vector line[4] = {half[0][y], half[1][y], half[2][y], half[3][y]};
          Vector pixels[2];
          output_line(line, pixels);
          float* at = to + y * out_columns * channels + c;
          store_all(pixels[0], at);
          if (columns == 2) store_all(pixels[1], at + channels);
        }
      }
    }
  }
}

// G W G' of one row of kernels: `columns` of them in 9 rows of `width` floats.
void weight_row(const float* taps, std::size_t width, float* packed, std::size_t position_stride) {
  for (std::size_t c = 0; c < width; c += lanes()) {
    Vector columns[3][4];
    for (std::size_t q = 0; q < 3; ++q) {
      Vector w[3];
      for (std::size_t r = 0; r < 3; ++r) w[r] = load_all(taps + (3 * r + q) * width + c);
      weight_line(w, columns[q]);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const Vector line[3] = {columns[0][i], columns[1][i], columns[2][i]};
      Vector mapped[4];
      weight_line(line, mapped);
      for (std::size_t j = 0; j < 4; ++j) {
        store_all(mapped[j], packed + (4 * i + j) * position_stride + c);
      }
    }
  }
}

// Rows of kernels that are gathered together: a transposed matrix is read by whole cache lines.
constexpr std::size_t kGatheredRows = 16;
constexpr std::size_t kMaxPanel = 4 * hn::MaxLanes(Tag());

void pack_winograd_panel(const WinogradTaps& taps, std::size_t rows, std::size_t columns,
                         float* packed, std::size_t position_stride) {
  constexpr std::size_t kTaps = 9;
  HWY_ALIGN float gathered[kGatheredRows * kTaps * kMaxPanel];
  const std::size_t width = (columns + lanes() - 1) / lanes() * lanes();
  std::fill_n(gathered, kGatheredRows * kTaps * width, 0.0f);
  for (std::size_t first = 0; first < rows; first += kGatheredRows) {
    const std::size_t count = std::min(kGatheredRows, rows - first);
    for (std::size_t t = 0; t < kTaps; ++t) {
      const float* from = taps.data + (taps.flipped ? kTaps - 1 - t : t) * taps.tap_stride +
                          first * taps.row_stride;
      float* to = gathered + t * width;
      if (taps.column_stride == 1) {
        for (std::size_t i = 0; i < count; ++i) {
          std::copy_n(from + i * taps.row_stride, columns, to + i * kTaps * width);
        }
        continue;
      }
      for (std::size_t j = 0; j < columns; ++j) {
        const float* column = from + j * taps.column_stride;
        for (std::size_t i = 0; i < count; ++i) {
          to[i * kTaps * width + j] = column[i * taps.row_stride];
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      weight_row(gathered + i * kTaps * width, width, packed + (first + i) * width,
                 position_stride);
    }
  }
}

void winograd_weight_gradient(const float* sums, std::size_t position_stride, std::size_t channels,
                              float* taps, std::size_t tap_stride) {
  for_vectors(channels, [&](std::size_t c, std::size_t valid) {
    Vector columns[4][3];
    for (std::size_t j = 0; j < 4; ++j) {
      Vector s[4];
      for (std::size_t i = 0; i < 4; ++i)
        s[i] = load(sums + (4 * i + j) * position_stride + c, valid);
      weight_gradient_line(s, columns[j]);
    }
    for (std::size_t r = 0; r < 3; ++r) {
      const Vector line[4] = {columns[0][r], columns[1][r], columns[2][r], columns[3][r]};
      Vector w[3];
      weight_gradient_line(line, w);
      for (std::size_t q = 0; q < 3; ++q) store(w[q], taps + (3 * r + q) * tap_stride + c, valid);
    }
  });
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(winograd_input);
HWY_EXPORT(winograd_output_gradient);
HWY_EXPORT(winograd_output);
HWY_EXPORT(pack_winograd_panel);
HWY_EXPORT(winograd_weight_gradient);

void winograd_input(const float* patch, const WinogradTiles& tiles, std::size_t channels,
                    const WinogradMatrices<float>& out) {
  HWY_DYNAMIC_DISPATCH(winograd_input)(patch, tiles, channels, out);
}

void winograd_output_gradient(const float* dy, const WinogradTiles& tiles, std::size_t channels,
                              const WinogradMatrices<float>& out) {
  HWY_DYNAMIC_DISPATCH(winograd_output_gradient)(dy, tiles, channels, out);
}

void winograd_output(const WinogradMatrices<const float>& products, const WinogradTiles& tiles,
                     std::size_t channels, std::size_t out_rows, std::size_t out_columns,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(winograd_output)(products, tiles, channels, out_rows, out_columns, out);
}

void pack_winograd_panel(const WinogradTaps& taps, std::size_t rows, std::size_t columns,
                         float* packed, std::size_t position_stride) {
  HWY_DYNAMIC_DISPATCH(pack_winograd_panel)(taps, rows, columns, packed, position_stride);
}

void winograd_weight_gradient(const float* sums, std::size_t position_stride, std::size_t channels,
                              float* taps, std::size_t tap_stride) {
  HWY_DYNAMIC_DISPATCH(winograd_weight_gradient)(sums, position_stride, channels, taps, tap_stride);
}

}  // namespace edgeprune::kernels
#endif
