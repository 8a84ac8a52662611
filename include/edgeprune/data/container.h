#pragma once
// One file that holds labelled samples as they are stored: what small files waste, such as the
// tables that every JPEG repeats and the blocks that a file system rounds up to, is written once.
//
//   const Container kept = reencode(dataset, samples, {.jpeg_quality = 20});
//   core::write_file_atomically("kept.edgeprune", container_bytes(kept));
//   const Dataset back = read_container("kept.edgeprune");
//
// The file, numbers little-endian, lengths of the index as LEB128:
//
//   "edgepack"                     8 bytes
//   length of the head             4 bytes
//   head                           JSON: shape, classes, how samples are encoded, lengths
//   shared beginnings              one after another
//   index                          per sample: distance to the sample before in the data set that
//   it
//                                  was taken from, label, shared beginning, length
//   contents                       one after another; a sample is its shared beginning, then this
//   checksum                       XXH3 (128 bits) of all before it, as 32 hexadecimal digits

#include "edgeprune/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::data {

/// How the samples that a device keeps are stored.
enum class Store {
  originals,  // as they were read
  reencoded,  // in fewer bytes each, so that more of them fit
};

enum class SampleCode {
  images,  // JPEG or PNG; decoded, converted and resized to the shape as read_image_folder does
  bytes,   // values as they are in memory
  floats,  // the same
  scaled,  // one byte b for each float: minimum + b * step, of its channel
};
[[nodiscard]] std::string_view name_of(SampleCode code);

struct StoredSample {
  std::uint32_t source = 0;  // its index in the data set that it was taken from
  std::int32_t label = 0;
  std::uint32_t shared = 0;  // which shared beginning
  std::string content;
};

struct Container {
  SampleCode code = SampleCode::images;
  ImageShape shape = {0, 0, 0};    // of a sample that is read back
  std::uint32_t jpeg_quality = 0;  // of images that were re-encoded; 0: originals
  std::vector<float> minimum;      // scaled: of each channel
  std::vector<float> step;
  std::vector<std::string> class_names;
  std::string source_hash;  // content hash of the data set that the samples were taken from
  std::vector<std::string> shared;
  std::vector<StoredSample> samples;  // by ascending source
};

/// The samples (ascending) as they were read: the files of an image folder byte for byte, values of
/// everything else. A file that has vanished, or has another size by now, is an Error of kind io.
[[nodiscard]] Container pack_originals(const Dataset& dataset,
                                       std::span<const std::uint32_t> samples);

/// What `jpeg_quality` 0 stands for where no number of bytes is given: the lowest quality that cost
/// no accuracy (docs/choosing.md).
inline constexpr std::uint32_t kUsualJpegQuality = 25;
inline constexpr std::uint32_t kHighestJpegQuality = 95;

struct ReencodeOptions {
  std::uint32_t jpeg_quality = 0;  // 1 to 100; 0: chosen, by max_bytes
  std::uint64_t max_bytes = 0;     // of the container; 0: as large as it comes
};

/// The samples (ascending) in fewer bytes: images as JPEG with halved chroma, without orientation
/// and metadata; floats as one byte each, scaled to the range of their channel. With max_bytes, a
/// chosen quality is the highest up to kHighestJpegQuality that fits, and a given one is lowered
/// until it does. What fits at no quality, and bytes of other than 1 or 3 channels, are Errors of
/// kind config.
[[nodiscard]] Container reencode(const Dataset& dataset, std::span<const std::uint32_t> samples,
                                 const ReencodeOptions& options);

/// A container of n samples has about shared + n * per_sample bytes.
struct PackedSize {
  double per_sample = 0;
  double shared = 0;
};
/// Of originals: a mean over all samples, known without reading anything.
[[nodiscard]] double original_bytes_per_sample(const Dataset& dataset);
/// Of re-encoded samples at this quality (0: kUsualJpegQuality), by at most 512 of them, evenly
/// spaced. Errors as reencode().
[[nodiscard]] PackedSize reencoded_size(const Dataset& dataset, std::uint32_t jpeg_quality);

/// The file.
[[nodiscard]] std::string container_bytes(const Container& container);

/// The way back from memory; `name` stands for the file in messages. Damage of any kind is an Error
/// of kind data.
[[nodiscard]] Container parse_container(std::string_view content, const std::string& name);

/// The samples decoded, as a finished data set without `stored_bytes_per_sample`. One that cannot
/// be decoded is an Error of kind data.
[[nodiscard]] Dataset decode_container(const Container& container, const std::string& name);

[[nodiscard]] Dataset read_container(const std::filesystem::path& path);

}  // namespace edgeprune::data
