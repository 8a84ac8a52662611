#include "edgeprune/core/random.h"
#include "edgeprune/data/loader.h"

#include <algorithm>
#include <cstddef>

namespace edgeprune::data {
namespace {

// One row of the result: the image's columns from `shift` on, zero where there are none.
void shift_row(std::span<const float> row, std::ptrdiff_t shift_values, std::span<float> out) {
  const auto size = static_cast<std::ptrdiff_t>(row.size());
  const std::ptrdiff_t begin = std::clamp<std::ptrdiff_t>(-shift_values, 0, size);
  const std::ptrdiff_t end = std::clamp<std::ptrdiff_t>(size - shift_values, begin, size);
  std::fill(out.begin(), out.begin() + begin, 0.0f);
  if (end > begin) {
    std::copy(row.begin() + begin + shift_values, row.begin() + end + shift_values,
              out.begin() + begin);
  }
  std::fill(out.begin() + end, out.end(), 0.0f);
}

void flip_row(std::span<float> row, std::size_t channels) {
  const std::size_t width = row.size() / channels;
  for (std::size_t left = 0, right = width - 1; left < right; ++left, --right) {
    std::swap_ranges(row.begin() + left * channels, row.begin() + (left + 1) * channels,
                     row.begin() + right * channels);
  }
}

}  // namespace

// Always the same three draws, so that one option does not change what the other does.
AugmentationDraw draw_augmentation(const Augmentation& augmentation, std::uint64_t seed,
                                   std::uint32_t epoch, std::uint32_t sample) {
  core::RandomStream draws(
      {.seed = seed, .purpose = core::Purpose::augmentation, .epoch = epoch, .index = sample});
  const std::uint32_t padding = augmentation.crop_padding_pixels;
  AugmentationDraw draw;
  draw.row_shift = static_cast<std::int32_t>(draws.below(2 * padding + 1) - padding);
  draw.column_shift = static_cast<std::int32_t>(draws.below(2 * padding + 1) - padding);
  draw.flip = draws.uniform() < 0.5f && augmentation.horizontal_flip;
  if (augmentation.flip_order == FlipOrder::alternating && epoch > 0) {
    const bool first = draw_augmentation(augmentation, seed, 0, sample).flip;
    draw.flip = augmentation.horizontal_flip && first != (epoch % 2 == 1);
  }
  return draw;
}

void augment_image(std::span<const float> image, const ImageShape& shape,
                   const AugmentationDraw& draw, std::span<float> out) {
  const std::size_t row_values = std::size_t{shape.width} * shape.channels;
  const std::ptrdiff_t shift_values = std::ptrdiff_t{draw.column_shift} * shape.channels;
  for (std::uint32_t row = 0; row < shape.height; ++row) {
    const std::span<float> to = out.subspan(row * row_values, row_values);
    const std::int64_t from = std::int64_t{row} + draw.row_shift;
    if (from < 0 || from >= shape.height) {
      std::ranges::fill(to, 0.0f);
      continue;
    }
    const auto begin = static_cast<std::size_t>(from) * row_values;
    shift_row(image.subspan(begin, row_values), shift_values, to);
    if (draw.flip) flip_row(to, shape.channels);
  }
}

}  // namespace edgeprune::data
