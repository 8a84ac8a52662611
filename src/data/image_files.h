#pragma once
// PNG files as bytes. With EDGEPRUNE_IMAGE_READERS off, this and decode_image() (readers.h) are
// errors that say so.

#include "edgeprune/data/dataset.h"

#include <cstdint>
#include <span>
#include <string>

namespace edgeprune::data {

/// Of one image, grey or RGB, NHWC; `name` is for the error.
[[nodiscard]] std::string encode_png(std::span<const std::uint8_t> pixels, const ImageShape& shape,
                                     const std::string& name);

}  // namespace edgeprune::data
