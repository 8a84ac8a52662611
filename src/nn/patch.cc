#include "patch.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

using kernels::Elements;

// fill_row(pixel, count, to) writes the real pixels of a row, the first of them `pixel` within the
// image.
template <typename FillRow>
void write_patch(const Patch& patch, const Shape& shape, Elements to, FillRow&& fill_row) {
  const auto left = static_cast<std::size_t>(-std::min<std::int64_t>(patch.first_column, 0));
  const auto from = static_cast<std::size_t>(std::max<std::int64_t>(patch.first_column, 0));
  const std::size_t count = std::min<std::size_t>(patch.columns - left, shape.width - from);
  for (std::uint32_t row = 0; row < patch.rows; ++row) {
    const Elements line = to.at(row * patch.row_values());
    const std::int64_t y = patch.first_row + row;
    if (y < 0 || y >= shape.height) {
      fill_zeros(line, patch.row_values());
      continue;
    }
    fill_zeros(line, left * patch.channels);
    fill_row(static_cast<std::size_t>(y) * shape.width + from, count,
             line.at(left * patch.channels));
    fill_zeros(line.at((left + count) * patch.channels),
               (patch.columns - left - count) * patch.channels);
  }
}

}  // namespace

void fill_zeros(Elements to, std::size_t count) {
  std::fill_n(static_cast<std::byte*>(to.data), count * kernels::size_of(to.type), std::byte{0});
}

void write_values(const Activation& activation, std::uint32_t image, const Patch& patch,
                  Elements to) {
  const std::size_t channels = patch.channels;
  const std::size_t first = image * activation.shape.num_pixels();
  const kernels::ChannelTransform transform = activation.transform();
  write_patch(patch, activation.shape, to,
              [&](std::size_t pixel, std::size_t count, Elements line) {
                kernels::apply_transform(transform, {count, channels, channels, channels},
                                         activation.at(first + pixel), line);
              });
}

void write_gradient(const Activation& activation, std::uint32_t image, const Patch& patch,
                    Elements to) {
  const std::size_t channels = patch.channels;
  const std::size_t first = image * activation.shape.num_pixels();
  const kernels::ChannelTransform transform = activation.transform();
  write_patch(
      patch, activation.shape, to, [&](std::size_t pixel, std::size_t count, Elements line) {
        kernels::transform_gradient(
            transform, activation.transform_gradient(), {count, channels, channels, channels},
            activation.gradient_at(first + pixel), activation.at(first + pixel), line);
      });
}

namespace {
std::int64_t floor_divided(std::int64_t value, std::int64_t by) {
  return value >= 0 ? value / by : -((-value + by - 1) / by);
}
}  // namespace

Reach reach_of(std::uint32_t begin, std::uint32_t count, std::uint32_t padding,
               std::uint32_t kernel, std::uint32_t stride) {
  const std::int64_t first =
      floor_divided(std::int64_t{begin} + padding - (std::int64_t{kernel} - 1), stride);
  const std::int64_t last = (std::int64_t{begin} + count - 1 + padding) / stride;
  return {first, static_cast<std::uint32_t>(last - first + 1)};
}

}  // namespace edgeprune::nn
