#pragma once
// Readers, one per format. Each returns a finished Dataset or throws one Error of kind data (kind
// io where the system refused) whose line names the file, the place in it and the fix.

#include "edgeprune/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::data {

/// IDX (the format of MNIST and Fashion-MNIST), plain or gzip: unsigned bytes, images N x H x W,
/// labels N. Classes are named "0", "1", ... up to the largest label. `num_classes` (0: from the
/// labels) lets a test set be read with its training set's classes.
[[nodiscard]] Dataset read_idx(const std::filesystem::path& images,
                               const std::filesystem::path& labels, std::uint32_t num_classes = 0);

enum class CifarVariant { cifar10, cifar100 };

/// CIFAR's binary version, the given files in order: records of one label byte (CIFAR-100: coarse,
/// then fine; the fine one is used) and 3072 bytes, planes red, green, blue of 32 x 32. CIFAR-100's
/// class names come from fine_label_names.txt beside the first file, or are numbers without it.
[[nodiscard]] Dataset read_cifar(const std::vector<std::filesystem::path>& files,
                                 CifarVariant variant);

struct ImageFolderOptions {
  /// Bilinear resize of every image to height x width; without it, mixed sizes are an error.
  std::optional<std::uint32_t> resize_height;
  std::optional<std::uint32_t> resize_width;
  /// 1 or 3; 0: usual_channels.
  std::uint32_t channels = 0;
  /// 1 or 3, such as those of the training set; 0: colour if any image is in colour. A warning
  /// counts the images that had to be converted.
  std::uint32_t usual_channels = 0;
};

/// A folder with one folder of JPEG or PNG files per class; classes in byte order of their names.
/// Images in folders within a class's folder are of that class too; the order is that of
/// torchvision's ImageFolder. A warning counts the files of other types (by their extension), by
/// type; names that begin with a dot are passed over. A folder that lies one level too high or too
/// low is an Error of kind data that says so.
[[nodiscard]] Dataset read_image_folder(const std::filesystem::path& folder,
                                        const ImageFolderOptions& options = {});

enum class NpyLayout { nhwc, nchw };

/// A pair of .npy files: images uint8 or float32 of N x H x W x C or N x C x H x W as `layout`
/// says, N x H x W (one channel), or feature vectors N x F; labels of any integer type, N.
/// `num_classes` as for read_idx.
[[nodiscard]] Dataset read_npy_pair(const std::filesystem::path& images,
                                    const std::filesystem::path& labels, NpyLayout layout,
                                    std::uint32_t num_classes = 0);

// The parsers behind the readers, on memory; `name` stands for the file in messages. They are what
// the fuzz targets call.

/// The bytes that a file has by its own header, given the first of them; nothing where the header
/// is not complete yet. It may throw.
using PromisedSize = std::function<std::optional<std::uint64_t>(std::string_view first_bytes)>;

/// Decompresses gzip content (several members too); content that is not gzip is returned as it is.
/// No more is unpacked than `promised` says, if it is given, and never more than 4 GiB; what would
/// expand to more, and a promise that so few bytes cannot hold, are refused.
[[nodiscard]] std::string gunzip(std::string_view content, const std::string& name,
                                 const PromisedSize& promised = {});

struct IdxArray {
  std::vector<std::uint32_t> extents;
  std::vector<std::uint8_t> values;
};
[[nodiscard]] IdxArray parse_idx(std::string_view content, const std::string& name);

struct CifarRecords {
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> pixels;  // NHWC
};
[[nodiscard]] CifarRecords parse_cifar(std::string_view content, CifarVariant variant,
                                       const std::string& name);

struct DecodedImage {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;  // NHWC of one image
};
/// A JPEG or PNG of at most 2^26 pixels, told apart by its first bytes; `channels` 1 or 3 converts,
/// 0 keeps the file's own (alpha is dropped, 16 bits become 8, palettes become colours).
[[nodiscard]] DecodedImage decode_image(std::string_view content, std::uint32_t channels,
                                        const std::string& name);

/// Grey to colours by repetition, colours to grey by the luma of ITU-R BT.601. Anything but 1 or 3
/// channels is an Error of kind config.
[[nodiscard]] DecodedImage convert_channels(DecodedImage image, std::uint32_t channels);

/// Bilinear with half-pixel centres (as OpenCV and PyTorch's align_corners=False), no antialiasing,
/// in exact integer arithmetic, halves rounded up.
[[nodiscard]] DecodedImage resize_image(const DecodedImage& image, std::uint32_t height,
                                        std::uint32_t width);

}  // namespace edgeprune::data
