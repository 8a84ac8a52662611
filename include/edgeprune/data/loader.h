#pragma once
// Mini-batches, made ready on another thread while the network works on the one before, or on the
// network's threads where there is no processor to spare.
//
//   BatchLoader batches(dataset, order, BatchPlan(order.size(), 64), {.normalisation = norm});
//   while (const Batch* batch = batches.next()) { ... }
//
// What a batch holds is a function of its arguments alone: the order given, and for augmentation
// (seed, epoch, sample), for its size its place in the pass. Threads decide only when.

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/data/dataset.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace edgeprune::data {

/// (value - mean) / deviation per channel, with a training set's own statistics. Bytes count as
/// byte / 255; the arithmetic is in float, in this order, as torchvision's ToTensor and Normalize.
struct Normalisation {
  std::vector<float> mean;
  std::vector<float> stddev;
};
[[nodiscard]] Normalisation normalisation_of(const Dataset& train);

/// Which of a sample's passes mirror it.
enum class FlipOrder {
  random,       // each with probability 1/2
  alternating,  // every other one, the first with probability 1/2: a pair of passes sees both
};

struct Augmentation {
  std::uint32_t crop_padding_pixels = 0;  // random crop of the original size after zero padding;
                                          // less than the height and the width
  bool horizontal_flip = false;
  FlipOrder flip_order = FlipOrder::random;  // alternating: Jordan, arXiv 2404.00498
  [[nodiscard]] bool any() const { return crop_padding_pixels > 0 || horizontal_flip; }
};

/// What happens to one sample in one epoch: the crop begins so many rows and columns after the
/// unpadded image does, in [-padding, padding]; the flip comes last.
struct AugmentationDraw {
  std::int32_t row_shift = 0;
  std::int32_t column_shift = 0;
  bool flip = false;
};
/// A function of its arguments alone; the crop does not depend on whether and how images are
/// flipped. Epoch 0 flips the same samples in either order.
[[nodiscard]] AugmentationDraw draw_augmentation(const Augmentation& augmentation,
                                                 std::uint64_t seed, std::uint32_t epoch,
                                                 std::uint32_t sample);
/// Writes the augmented image to `out`; both are H x W x C and do not overlap.
void augment_image(std::span<const float> image, const ImageShape& shape,
                   const AugmentationDraw& draw, std::span<float> out);

struct Batch {
  std::vector<std::uint32_t> samples;  // indices into the data set
  std::vector<std::int32_t> labels;    // one per sample
  std::vector<float> images;           // samples x H x W x C, normalised
  ImageShape shape = {0, 0, 0};        // of each image: the data set's, or a lower size
};

/// From this batch of the pass on, images are resampled to height x width, after normalisation and
/// augmentation. Where both ratios are whole numbers, each value is the mean of its block;
/// otherwise the filter is Pillow's BILINEAR, which is antialiased. No extent is 0 or above the
/// data set's, so that an axis of 1 (a signal's) stays 1.
struct SizeFrom {
  std::uint32_t first_batch = 0;
  std::uint32_t height = 0;
  std::uint32_t width = 0;
};

struct LoaderOptions {
  Normalisation normalisation;
  Augmentation augmentation;  // padding is zero after normalisation, i.e. the mean colour
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::uint32_t first_batch = 0;  // a resumed pass starts here
  /// By ascending first batches, of the whole pass wherever it starts. Before the first of them,
  /// and without any, images are as large as in the data set.
  std::vector<SizeFrom> sizes;
  /// Null: a thread of the loader's own makes the next batch while the caller works on this one.
  /// Where the caller keeps all processors busy, that thread would only take turns with the
  /// caller's: a pool makes each batch inside next(), which must then not be called from one of
  /// the pool's tasks. The batches are the same.
  core::ThreadPool* pool = nullptr;
};

/// Iterates once over the batches of a plan. The data set and the pool must outlive the loader. One
/// thread at a time may use a loader; destroying it in the middle of a pass waits for one batch at
/// most.
class BatchLoader {
 public:
  /// `plan` is one for order.size() samples. Augmentation and sizes that do not fit the images are
  /// an Error of kind config.
  BatchLoader(const Dataset& dataset, std::vector<std::uint32_t> order, core::BatchPlan plan,
              const LoaderOptions& options);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next batch, valid until the next call; nullptr after the last. Throws what went wrong when
  /// the batch was made, on whatever thread, after the batches made before that.
  [[nodiscard]] const Batch* next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Fills `batch` for the given samples: what a loader does for each batch, callable alone. Its size
/// is that of options.first_batch.
void fill_batch(const Dataset& dataset, std::span<const std::uint32_t> samples,
                const LoaderOptions& options, Batch& batch);

}  // namespace edgeprune::data
