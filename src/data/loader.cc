#include "edgeprune/data/loader.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/start_thread.h"

#include "resample.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace edgeprune::data {
namespace {

using core::Error;
using core::ErrorKind;

void check_normalisation(const Dataset& dataset, const Normalisation& normalisation) {
  const std::size_t channels = dataset.shape.channels;
  if (normalisation.mean.size() == channels && normalisation.stddev.size() == channels) return;
  throw Error(
      ErrorKind::internal,
      fmt::format("{}: {} channels normalised with {} means and {} deviations", dataset.name,
                  channels, normalisation.mean.size(), normalisation.stddev.size()));
}

void check_augmentation(const Dataset& dataset, const Augmentation& augmentation) {
  const ImageShape& shape = dataset.shape;
  if (augmentation.any() && shape.height == 1 && shape.width == 1) {
    throw Error(ErrorKind::config, fmt::format("{}: feature vectors cannot be cropped or flipped; "
                                               "turn augmentation off",
                                               dataset.name));
  }
  const std::uint32_t padding = augmentation.crop_padding_pixels;
  const std::uint32_t smaller = std::min(shape.height, shape.width);
  if (padding > 0 && padding >= smaller) {
    throw Error(ErrorKind::config,
                fmt::format("{}: a crop padding of {} pixels could cut all of an image of {} x {} "
                            "away; use at most {}",
                            dataset.name, padding, shape.height, shape.width, smaller - 1));
  }
}

// Bytes count as byte / 255.
float value_of(std::uint8_t byte) {
  return static_cast<float>(byte) / 255.0f;
}
float value_of(float value) {
  return value;
}

template <typename T>
void normalise(std::span<const T> values, const Normalisation& normalisation,
               std::span<float> out) {
  const std::size_t channels = normalisation.mean.size();
  for (std::size_t pixel = 0; pixel < values.size(); pixel += channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      out[pixel + c] =
          (value_of(values[pixel + c]) - normalisation.mean[c]) / normalisation.stddev[c];
    }
  }
}

// Every byte normalised, for every channel. A feature vector has as many channels as values, so a
// table would be 256 times its size: it gets none.
std::vector<float> normalised_bytes(const Dataset& dataset, const Normalisation& normalisation) {
  if (!dataset.has_byte_pixels() || dataset.shape.num_values() == dataset.shape.channels) return {};
  const std::size_t channels = dataset.shape.channels;
  std::vector<float> table(256 * channels);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const float value = value_of(static_cast<std::uint8_t>(byte));
      table[256 * c + byte] = (value - normalisation.mean[c]) / normalisation.stddev[c];
    }
  }
  return table;
}

void look_up(std::span<const std::uint8_t> bytes, std::span<const float> table,
             std::span<float> out) {
  const std::size_t channels = table.size() / 256;
  for (std::size_t c = 0; c < channels; ++c) {
    const float* const values = table.data() + 256 * c;
    for (std::size_t at = c; at < bytes.size(); at += channels) out[at] = values[bytes[at]];
  }
}

struct SizedBatches {
  std::uint32_t first_batch = 0;
  Resample resample;
};

std::vector<SizedBatches> sized_batches(const Dataset& dataset, std::span<const SizeFrom> sizes) {
  std::vector<SizedBatches> all;
  for (const SizeFrom& size : sizes) {
    if (!all.empty() && size.first_batch <= all.back().first_batch) {
      throw Error(ErrorKind::internal,
                  fmt::format("{}: the size from batch {} on comes after the one from batch {} on",
                              dataset.name, size.first_batch, all.back().first_batch));
    }
    all.push_back({size.first_batch, Resample(dataset.shape, size.height, size.width)});
  }
  return all;
}

// What one thread writes before an image is ready.
struct Workspace {
  std::vector<float> unaugmented;
  std::vector<float> stored_size;
  std::vector<float> row;
};

// What a pass needs to make batches, worked out once.
class BatchFiller {
 public:
  BatchFiller(const Dataset& dataset, const LoaderOptions& options)
      : dataset_(dataset), options_(options), sizes_(sized_batches(dataset, options.sizes)) {
    check_normalisation(dataset, options.normalisation);
    check_augmentation(dataset, options.augmentation);
    table_ = normalised_bytes(dataset, options.normalisation);
    workspaces_.resize(options.pool != nullptr ? static_cast<std::size_t>(options.pool->size())
                                               : 1);
    for (Workspace& workspace : workspaces_) {
      const std::size_t values = dataset.shape.num_values();
      if (options.augmentation.any()) workspace.unaugmented.resize(values);
      if (sizes_.empty()) continue;
      workspace.stored_size.resize(values);
      workspace.row.resize(sizes_.front().resample.num_scratch_values());
    }
  }

  // `place`: of the batch in its pass.
  void fill(std::uint32_t place, std::span<const std::uint32_t> samples, Batch& batch) {
    const Resample* const resample = resample_at(place);
    batch.samples.assign(samples.begin(), samples.end());
    batch.labels.resize(samples.size());
    batch.shape = resample != nullptr ? resample->shape() : dataset_.shape;
    batch.images.resize(samples.size() * batch.shape.num_values());
    if (options_.pool == nullptr) {
      return fill_range({0, samples.size()}, resample, workspaces_[0], batch);
    }
    options_.pool->for_tasks(core::cut_into_tasks(samples.size()), [&](const core::Task& task) {
      fill_range({task.begin, task.end}, resample,
                 workspaces_[static_cast<std::size_t>(task.thread)], batch);
    });
  }

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // Null where images stay as large as in the data set.
  [[nodiscard]] const Resample* resample_at(std::uint32_t place) const {
    const auto after = std::ranges::upper_bound(sizes_, place, {}, &SizedBatches::first_batch);
    if (after == sizes_.begin()) return nullptr;
    const Resample& resample = std::prev(after)->resample;
    return resample.shape() == dataset_.shape ? nullptr : &resample;
  }

  void fill_range(const Range& range, const Resample* resample, Workspace& workspace,
                  Batch& batch) const {
    const std::size_t image_values = batch.shape.num_values();
    for (std::size_t at = range.begin; at < range.end; ++at) {
      const std::uint32_t sample = batch.samples[at];
      check(sample);
      batch.labels[at] = dataset_.labels[sample];
      const auto image = std::span(batch.images).subspan(at * image_values, image_values);
      if (resample == nullptr) {
        write_image(sample, workspace.unaugmented, image);
        continue;
      }
      write_image(sample, workspace.unaugmented, workspace.stored_size);
      (*resample)(workspace.stored_size, workspace.row, image);
    }
  }

  void check(std::uint32_t sample) const {
    if (sample < dataset_.num_samples()) return;
    throw Error(ErrorKind::internal, fmt::format("{}: sample {} of {} asked for", dataset_.name,
                                                 sample, dataset_.num_samples()));
  }

  void write_image(std::uint32_t sample, std::vector<float>& unaugmented,
                   std::span<float> out) const {
    if (!options_.augmentation.any()) {
      write_normalised(sample, out);
      return;
    }
    write_normalised(sample, unaugmented);
    const AugmentationDraw draw =
        draw_augmentation(options_.augmentation, options_.seed, options_.epoch, sample);
    augment_image(unaugmented, dataset_.shape, draw, out);
  }

  void write_normalised(std::uint32_t sample, std::span<float> out) const {
    const std::size_t begin = sample * out.size();
    const auto bytes = [&] { return std::span(dataset_.byte_pixels).subspan(begin, out.size()); };
    if (!table_.empty()) {
      look_up(bytes(), table_, out);
    } else if (dataset_.has_byte_pixels()) {
      normalise(bytes(), options_.normalisation, out);
    } else {
      const std::span values(dataset_.float_pixels);
      normalise(values.subspan(begin, out.size()), options_.normalisation, out);
    }
  }

  const Dataset& dataset_;
  const LoaderOptions options_;
  const std::vector<SizedBatches> sizes_;
  std::vector<float> table_;
  std::vector<Workspace> workspaces_;  // one for each thread
};

void check_plan(const core::BatchPlan& plan, std::size_t num_samples, std::uint32_t first_batch) {
  const std::uint32_t batches = plan.num_batches();
  const core::BatchRange last = batches > 0 ? plan.batch(batches - 1) : core::BatchRange{};
  if (std::size_t{last.begin} + last.size != num_samples || first_batch > batches) {
    throw Error(ErrorKind::internal,
                fmt::format("a plan of {} batches for {} samples, begun at batch {}, does not fit "
                            "an order of {} samples",
                            batches, last.begin + last.size, first_batch, num_samples));
  }
}

}  // namespace

Normalisation normalisation_of(const Dataset& train) {
  return {.mean = {train.channel_mean.begin(), train.channel_mean.end()},
          .stddev = {train.channel_stddev.begin(), train.channel_stddev.end()}};
}

// Two batches: the thread fills one while the caller reads the other. Batch k lives in slot k % 2.
// With a pool there is no thread, and one batch would do.
struct BatchLoader::State {
  State(const Dataset& dataset, std::vector<std::uint32_t> pass_order, core::BatchPlan pass_plan,
        const LoaderOptions& options)
      : filler(dataset, options),
        order(std::move(pass_order)),
        plan(pass_plan),
        next_batch(options.first_batch),
        num_made(options.first_batch),
        num_returned(options.first_batch) {
    check_plan(plan, order.size(), options.first_batch);
    if (options.pool != nullptr) return;
    thread = core::start_thread("batches",
                                [this, first = options.first_batch](const std::stop_token& stop) {
                                  make_batches(first, stop);
                                });
  }

  void make_batch(std::uint32_t k) {
    const core::BatchRange range = plan.batch(k);
    filler.fill(k, std::span(order).subspan(range.begin, range.size), slots[k % 2]);
  }

  void make_batches(std::uint32_t first, const std::stop_token& stop) {
    try {
      for (std::uint32_t k = first; k < plan.num_batches() && wait_for_slot(k, stop); ++k) {
        make_batch(k);
        const std::lock_guard lock(mutex);
        num_made = k + 1;
        changed.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
      changed.notify_all();
    }
  }

  bool wait_for_slot(std::uint32_t k, const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    return changed.wait(lock, stop, [&] { return k < num_returned + 2; }) && !stop.stop_requested();
  }

  const Batch* next() {
    if (thread.joinable()) return next_from_thread();
    if (next_batch == plan.num_batches()) return nullptr;
    make_batch(next_batch);
    return &slots[next_batch++ % 2];
  }

  const Batch* next_from_thread() {
    std::unique_lock lock(mutex);
    num_returned = next_batch;
    changed.notify_all();
    if (next_batch == plan.num_batches()) return nullptr;
    changed.wait(lock, [&] { return num_made > next_batch || error; });
    if (num_made <= next_batch) std::rethrow_exception(error);
    return &slots[next_batch++ % 2];
  }

  BatchFiller filler;
  const std::vector<std::uint32_t> order;
  const core::BatchPlan plan;
  std::array<Batch, 2> slots;
  std::uint32_t next_batch;  // the caller's own

  std::mutex mutex;
  std::condition_variable_any changed;
  std::uint32_t num_made;      // batches before this one have been made
  std::uint32_t num_returned;  // batches before this one are no longer read
  std::exception_ptr error;

  std::jthread thread;  // last: it stops before what it uses goes
};

BatchLoader::BatchLoader(const Dataset& dataset, std::vector<std::uint32_t> order,
                         core::BatchPlan plan, const LoaderOptions& options)
    : state_(std::make_unique<State>(dataset, std::move(order), plan, options)) {}

BatchLoader::~BatchLoader() = default;

const Batch* BatchLoader::next() {
  return state_->next();
}

void fill_batch(const Dataset& dataset, std::span<const std::uint32_t> samples,
                const LoaderOptions& options, Batch& batch) {
  BatchFiller(dataset, options).fill(options.first_batch, samples, batch);
}

}  // namespace edgeprune::data
