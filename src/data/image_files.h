#pragma once
// Image files as bytes. With EDGEPRUNE_IMAGE_READERS off, writing them and decode_image()
// (readers.h) are errors that say so.

#include "edgeprune/data/dataset.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace edgeprune::data {

/// Of one image, grey or RGB, NHWC; `name` is for the error.
[[nodiscard]] std::string encode_png(std::span<const std::uint8_t> pixels, const ImageShape& shape,
                                     const std::string& name);

/// The same as JPEG, colours with halved chroma; `quality` 1 to 100. Images of one shape and
/// quality begin with the same bytes, up to jpeg_beginning().
[[nodiscard]] std::string encode_jpeg(std::span<const std::uint8_t> pixels, const ImageShape& shape,
                                      int quality, const std::string& name);

/// The bytes of a JPEG file before its first coded data: markers, tables, sizes. 0 where it is no
/// JPEG or ends before.
[[nodiscard]] std::size_t jpeg_beginning(std::string_view content);

}  // namespace edgeprune::data
