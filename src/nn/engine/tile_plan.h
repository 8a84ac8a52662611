#pragma once
// How a batch of images is cut into tiles of some whole images, or some rows of one image: large
// enough to keep a matrix product busy, small enough for a core's cache, and enough of them for
// many threads. The cut is a function of shapes and batch alone.

#include "edgeprune/core/thread_pool.h"

#include <algorithm>
#include <cstdint>

namespace edgeprune::nn {

struct Tile {
  std::uint32_t image_begin = 0;
  std::uint32_t image_end = 0;
  std::uint32_t row_begin = 0;
  std::uint32_t row_end = 0;

  [[nodiscard]] std::uint32_t num_images() const { return image_end - image_begin; }
  [[nodiscard]] std::uint32_t num_rows() const { return row_end - row_begin; }
};

class TilePlan {
 public:
  static constexpr std::uint32_t kPixels = 512;
  static constexpr std::uint32_t kMinPixels = 48;  // the products' register tile, some times
  // Several images share a tile only where their patches together stay below: large weights want
  // many pixels a tile, for their gradient streams through the caches once for each.
  static constexpr std::size_t kPatchFloats = std::size_t{1} << 19;

  /// Tiles of images with `rows` x `columns` results each; `patch_floats` is what the input of one
  /// whole image takes. A tile has about pixels_per_tile results; fewer, but not fewer than
  /// min_pixels, where there would be fewer tiles than tasks.
  TilePlan(std::uint32_t rows, std::uint32_t columns, std::size_t patch_floats, std::uint32_t batch,
           std::uint32_t pixels_per_tile = kPixels, std::uint32_t min_pixels = kMinPixels)
      : rows_(rows), batch_(batch) {
    const std::uint64_t pixels = std::uint64_t{rows} * columns;
    const std::uint64_t fits = std::max<std::uint64_t>(1, kPatchFloats / patch_floats);
    const std::uint64_t share =
        std::max<std::uint64_t>({1, batch / core::kMaxTasks, (min_pixels + pixels - 1) / pixels});
    images_per_tile_ = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(std::min(pixels_per_tile / pixels, fits), 1, share));
    rows_per_tile_ = images_per_tile_ > 1 ? rows : std::clamp(pixels_per_tile / columns, 1u, rows);
    row_tiles_ = (rows + rows_per_tile_ - 1) / rows_per_tile_;
  }

  [[nodiscard]] std::uint32_t num_tiles() const {
    return (batch_ + images_per_tile_ - 1) / images_per_tile_ * row_tiles_;
  }

  [[nodiscard]] Tile tile(std::uint32_t index) const {
    const std::uint32_t image = index / row_tiles_ * images_per_tile_;
    const std::uint32_t row = index % row_tiles_ * rows_per_tile_;
    return {image, std::min(image + images_per_tile_, batch_), row,
            std::min(row + rows_per_tile_, rows_)};
  }

  /// The tasks that share the tiles out.
  [[nodiscard]] core::TaskCut cut(std::size_t most = core::kMaxTasks) const {
    return core::cut_into_tasks(num_tiles(), 1, most);
  }

  [[nodiscard]] std::uint32_t images_per_tile() const { return images_per_tile_; }
  [[nodiscard]] std::uint32_t rows_per_tile() const { return rows_per_tile_; }

 private:
  std::uint32_t rows_;
  std::uint32_t batch_;
  std::uint32_t images_per_tile_ = 1;
  std::uint32_t rows_per_tile_ = 1;
  std::uint32_t row_tiles_ = 1;
};

}  // namespace edgeprune::nn
