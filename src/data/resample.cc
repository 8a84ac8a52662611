#include "resample.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::data {
namespace {

void check_lower_size(const ImageShape& from, std::uint32_t height, std::uint32_t width) {
  const auto fits = [](std::uint32_t to, std::uint32_t extent) { return to > 0 && to <= extent; };
  if (fits(height, from.height) && fits(width, from.width)) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("samples of {} x {} cannot be made {} x {}; a lower resolution has "
                                "between 1 and as many pixels along each axis",
                                from.height, from.width, height, width));
}

// The weights of one target, over its neighbours from `first` on.
struct Neighbours {
  std::uint32_t first = 0;
  std::vector<double> weights;
};

Neighbours block_of(std::uint32_t target, std::uint32_t ratio) {
  return {target * ratio, std::vector<double>(ratio, 1.0 / ratio)};
}

// Pillow's precompute_coeffs, without neighbours of weight 0.
Neighbours triangle_of(std::uint32_t target, std::uint32_t from, std::uint32_t to) {
  const double ratio = static_cast<double>(from) / to;
  const double centre = (target + 0.5) * ratio;
  const auto end = std::min(static_cast<std::uint32_t>(centre + ratio + 0.5), from);
  Neighbours near;
  double sum = 0;
  for (auto at = static_cast<std::uint32_t>(std::max(centre - ratio + 0.5, 0.0)); at < end; ++at) {
    const double weight = 1 - std::abs((at + 0.5 - centre) / ratio);
    if (weight <= 0) continue;
    if (near.weights.empty()) near.first = at;
    near.weights.push_back(weight);
    sum += weight;
  }
  for (double& weight : near.weights) weight /= sum;
  return near;
}

ResampleAxis axis_of(std::uint32_t from, std::uint32_t to, bool in_blocks) {
  std::vector<Neighbours> all(to);
  std::size_t num_taps = 0;
  for (std::uint32_t target = 0; target < to; ++target) {
    all[target] = in_blocks ? block_of(target, from / to) : triangle_of(target, from, to);
    num_taps = std::max(num_taps, all[target].weights.size());
  }
  ResampleAxis axis{.num_taps = static_cast<std::uint32_t>(num_taps)};
  axis.weights.resize(to * num_taps);
  for (std::uint32_t target = 0; target < to; ++target) {
    // A target at the far border may have fewer neighbours: it begins earlier, with zeros.
    const Neighbours& near = all[target];
    const auto first = std::min(near.first, static_cast<std::uint32_t>(from - num_taps));
    axis.firsts.push_back(first);
    std::ranges::copy(near.weights,
                      axis.weights.begin() + target * num_taps + (near.first - first));
  }
  return axis;
}

// Calls `sum` with a number of taps that the compiler knows, so that it unrolls the sums: they are
// few where at least half of the size is left. 0: more.
template <typename Sum>
void with_taps(std::uint32_t count, Sum sum) {
  switch (count) {
    case 1:
      return sum.template operator()<1>();
    case 2:
      return sum.template operator()<2>();
    case 3:
      return sum.template operator()<3>();
    case 4:
      return sum.template operator()<4>();
    default:
      return sum.template operator()<0>();
  }
}

// One row of the result, at the image's own width: a weighted sum of rows.
template <std::uint32_t kCount>
void sum_rows(const float* rows, std::size_t row_values, std::span<const float> weights,
              float* out) {
  const std::size_t count = kCount > 0 ? kCount : weights.size();
  for (std::size_t at = 0; at < row_values; ++at) {
    float sum = weights[0] * rows[at];
    for (std::size_t tap = 1; tap < count; ++tap) sum += weights[tap] * rows[tap * row_values + at];
    out[at] = sum;
  }
}

template <std::uint32_t kCount>
void sum_columns(const float* row, std::size_t channels, const ResampleAxis& columns, float* out) {
  const std::size_t count = kCount > 0 ? kCount : columns.num_taps;
  const float* weights = columns.weights.data();
  for (const std::uint32_t first : columns.firsts) {
    const float* const pixels = row + first * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      float sum = weights[0] * pixels[c];
      for (std::size_t tap = 1; tap < count; ++tap) {
        sum += weights[tap] * pixels[tap * channels + c];
      }
      out[c] = sum;
    }
    weights += count;
    out += channels;
  }
}

}  // namespace

Resample::Resample(const ImageShape& from, std::uint32_t height, std::uint32_t width)
    : from_(from), to_{height, width, from.channels} {
  check_lower_size(from, height, width);
  const bool in_blocks = from.height % height == 0 && from.width % width == 0;
  rows_ = axis_of(from.height, height, in_blocks);
  columns_ = axis_of(from.width, width, in_blocks);
}

void Resample::operator()(std::span<const float> image, std::span<float> scratch,
                          std::span<float> out) const {
  const std::size_t from_values = std::size_t{from_.width} * from_.channels;
  const std::size_t to_values = std::size_t{to_.width} * to_.channels;
  for (std::uint32_t row = 0; row < to_.height; ++row) {
    const float* const above = image.data() + rows_.firsts[row] * from_values;
    const auto weights = std::span(rows_.weights).subspan(row * rows_.num_taps, rows_.num_taps);
    with_taps(rows_.num_taps, [&]<std::uint32_t kCount>() {
      sum_rows<kCount>(above, from_values, weights, scratch.data());
    });
    with_taps(columns_.num_taps, [&]<std::uint32_t kCount>() {
      sum_columns<kCount>(scratch.data(), to_.channels, columns_, out.data() + row * to_values);
    });
  }
}

}  // namespace edgeprune::data
