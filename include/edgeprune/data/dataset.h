#pragma once
// A labelled data set held in memory: images (or feature vectors) in NHWC order, as bytes or
// floats.
//
//   Dataset train = read_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
//   train.num_samples();  train.shape;  train.content_hash;
//
// Byte pixels stay bytes (a quarter of the memory) and count as value / 255 wherever a number is
// asked for, so that means and deviations are those of PyTorch's ToTensor(). Readers return a data
// set that has passed `finish_dataset`; it never changes afterwards and may be read from any
// thread.

#include "edgeprune/core/sample_shape.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::data {

using ImageShape = core::SampleShape;

/// A file that holds one sample.
struct SampleFile {
  std::string path;  // within the folder that was read, CLASS/NAME
  std::uint64_t bytes = 0;
  std::uint64_t allocated_bytes = 0;  // on the disk, in whole blocks
  std::uint64_t own_bytes = 0;        // without the tables that an earlier file begins with too
};

struct Dataset {
  std::string name;              // where it was read from, for messages
  ImageShape shape = {0, 0, 0};  // a feature vector of length F is {1, 1, F}
  std::vector<std::string> class_names;
  std::vector<std::int32_t> labels;       // num_samples, each in [0, num_classes)
  std::vector<std::uint8_t> byte_pixels;  // num_samples x shape, or empty
  std::vector<float> float_pixels;        // num_samples x shape, or empty
  double stored_bytes_per_sample = 0;     // sigma_k: bytes on disk, images and labels, over N
  std::vector<SampleFile> files;          // of an image folder, one per sample; else empty
  std::vector<std::string> warnings;      // one line each, e.g. files that a reader skipped

  // The bytes in memory of the set that was read, of which this may be a part; finish_dataset fills
  // it in where it is 0.
  std::uint64_t read_bytes = 0;

  // Filled in by finish_dataset, which also warns of samples that are all of one class.
  std::vector<double> channel_mean;    // of value / 255 for byte pixels
  std::vector<double> channel_stddev;  // population standard deviation, never 0 (1 if constant)
  std::string content_hash;            // of shape, classes, labels and pixels

  [[nodiscard]] std::uint32_t num_samples() const {
    return static_cast<std::uint32_t>(labels.size());
  }
  [[nodiscard]] std::uint32_t num_classes() const {
    return static_cast<std::uint32_t>(class_names.size());
  }
  [[nodiscard]] bool has_byte_pixels() const { return float_pixels.empty(); }
  /// Of pixels and labels, in memory.
  [[nodiscard]] std::uint64_t num_bytes() const {
    return byte_pixels.size() + float_pixels.size() * sizeof(float) +
           labels.size() * sizeof(std::int32_t);
  }
  /// Writes sample's values, divided by 255 where they are bytes, to `out` (shape.num_values()).
  void copy_values(std::uint32_t sample, std::span<float> out) const;
};

/// Checks what every data set promises and computes statistics, hash and warnings. An Error of kind
/// data names the sample at fault: no samples, a label out of range, a float that is not finite.
[[nodiscard]] Dataset finish_dataset(Dataset dataset);

/// `limit` samples at even distances through the data set, so that files sorted by class still give
/// every class; finished anew. A limit of 0, or of all samples or more, keeps all.
[[nodiscard]] Dataset take_evenly(const Dataset& dataset, std::uint32_t limit);

/// `limit` samples at random, in their order: a function of the seed alone. A limit of 0, or of all
/// samples or more, keeps all.
[[nodiscard]] Dataset take_at_random(const Dataset& dataset, std::uint32_t limit,
                                     std::uint64_t seed);

/// Of each class every other sample, in order: half a begins with its first, half b with its
/// second.
enum class Part { all, a, b };
/// A half without samples is an Error of kind data.
[[nodiscard]] Dataset take_part(const Dataset& dataset, Part part);

/// The given samples in their order (ascending or not, none twice), finished anew.
[[nodiscard]] Dataset take_samples(const Dataset& dataset, std::span<const std::uint32_t> samples);

/// The data set with other pixels at `samples`: those of `pixels`, in order; finished anew.
[[nodiscard]] Dataset with_pixels(Dataset dataset, std::span<const std::uint32_t> samples,
                                  const Dataset& pixels);

/// Number of samples of each class among `samples`, indices into the data set (none: all zeros).
[[nodiscard]] std::vector<std::uint32_t> class_counts(const Dataset& dataset,
                                                      std::span<const std::uint32_t> samples);

/// Every index of the data set, in order.
[[nodiscard]] std::vector<std::uint32_t> all_samples(const Dataset& dataset);

}  // namespace edgeprune::data
