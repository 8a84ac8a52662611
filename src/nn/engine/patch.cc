#include "patch.h"

#include <algorithm>

namespace edgeprune::nn {

using kernels::Elements;

Patch Patch::below(const Patch& above) const {
  Patch patch = *this;
  if (above.end_row() <= first_row) return patch;
  patch.kept = static_cast<std::uint32_t>(above.end_row() - first_row);
  patch.kept_from = static_cast<std::uint32_t>(first_row - above.first_row);
  return patch;
}

Patch patch_of_windows(const Operation& operation, const Shape& out, std::uint32_t row_begin,
                       std::uint32_t num_rows, std::uint32_t channels) {
  return {.first_row = std::int64_t{row_begin} * operation.stride.height - operation.padding.height,
          .first_column = -std::int64_t{operation.padding.width},
          .rows = (num_rows - 1) * operation.stride.height + operation.kernel.height,
          .columns = (out.width - 1) * operation.stride.width + operation.kernel.width,
          .channels = channels};
}

Patch patch_of_reach(const Operation& operation, const Shape& in, std::uint32_t row_begin,
                     std::uint32_t num_rows, std::uint32_t channels) {
  const Reach rows = reach_of(row_begin, num_rows, operation.padding.height,
                              operation.kernel.height, operation.stride.height);
  const Reach columns = reach_of(0, in.width, operation.padding.width, operation.kernel.width,
                                 operation.stride.width);
  return {.first_row = rows.first,
          .first_column = columns.first,
          .rows = rows.count,
          .columns = columns.count,
          .channels = channels};
}

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
