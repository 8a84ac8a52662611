#include "edgeprune/data/dataset.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace edgeprune::data {
namespace {

[[noreturn]] void reject(const Dataset& dataset, const std::string& what) {
  throw core::Error(core::ErrorKind::data, fmt::format("{}: {}", dataset.name, what));
}

void check_labels(const Dataset& dataset) {
  for (std::size_t n = 0; n < dataset.labels.size(); ++n) {
    const std::int32_t label = dataset.labels[n];
    if (label >= 0 && label < static_cast<std::int32_t>(dataset.num_classes())) continue;
    reject(dataset, fmt::format("sample {} has label {}; labels must lie in [0, {}), correct the "
                                "label file",
                                n, label, dataset.num_classes()));
  }
}

void check_finite(const Dataset& dataset) {
  const auto bad = std::find_if_not(dataset.float_pixels.begin(), dataset.float_pixels.end(),
                                    [](float value) { return std::isfinite(value); });
  if (bad == dataset.float_pixels.end()) return;
  const auto at = static_cast<std::size_t>(bad - dataset.float_pixels.begin());
  reject(dataset,
         fmt::format("sample {} holds {} (value {} of it); remove the sample or replace the "
                     "value",
                     at / dataset.shape.num_values(), *bad, at % dataset.shape.num_values()));
}

void check(const Dataset& dataset) {
  if (dataset.labels.empty()) reject(dataset, "holds no samples; check the path");
  if (dataset.shape.num_values() == 0) reject(dataset, "its samples are empty; check the files");
  const std::size_t values = dataset.byte_pixels.size() + dataset.float_pixels.size();
  const std::size_t per_sample = dataset.shape.num_values();
  if (values % per_sample != 0 || values / per_sample != dataset.labels.size()) {
    reject(dataset, fmt::format("{} values do not make {} samples of {}; give one label per sample",
                                values, dataset.labels.size(), per_sample));
  }
  check_labels(dataset);
  check_finite(dataset);
}

// Sums of v - pivot and its square, in double: the pivot keeps a large offset from costing digits.
template <typename T>
void measure_channels(std::span<const T> pixels, double unit, Dataset& dataset) {
  const std::size_t channels = dataset.shape.channels;
  std::vector<double> pivot(channels), sum(channels), sum_squared_deviations(channels);
  for (std::size_t c = 0; c < channels; ++c) pivot[c] = static_cast<double>(pixels[c]) * unit;
  for (std::size_t at = 0; at < pixels.size(); at += channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double v = static_cast<double>(pixels[at + c]) * unit - pivot[c];
      sum[c] += v;
      sum_squared_deviations[c] += v * v;
    }
  }
  const std::size_t positions = pixels.size() / channels;
  const auto count = static_cast<double>(positions);
  for (std::size_t c = 0; c < channels; ++c) {
    const double offset = sum[c] / count;
    const double variance = std::max(0.0, sum_squared_deviations[c] / count - offset * offset);
    dataset.channel_mean.push_back(pivot[c] + offset);
    dataset.channel_stddev.push_back(variance > 0 ? std::sqrt(variance) : 1.0);
  }
}

std::string hash_content(const Dataset& dataset) {
  core::Hasher hasher;
  const std::uint32_t shape[] = {dataset.shape.height, dataset.shape.width, dataset.shape.channels,
                                 dataset.num_samples()};
  hasher.add_values(std::span<const std::uint32_t>(shape));
  // With lengths: a name may hold any byte.
  for (const std::string& name : dataset.class_names) {
    hasher.add(std::to_string(name.size())).add(":").add(name);
  }
  hasher.add_values(std::span<const std::int32_t>(dataset.labels));
  hasher.add_values(std::span<const std::uint8_t>(dataset.byte_pixels));
  hasher.add_values(std::span<const float>(dataset.float_pixels));
  return hasher.hex();
}

// Finishing anew (take_evenly) may meet the warning it gave before.
void warn_of_single_class(Dataset& dataset) {
  const std::int32_t first = dataset.labels.front();
  if (std::ranges::any_of(dataset.labels, [&](std::int32_t label) { return label != first; })) {
    return;
  }
  std::string warning =
      fmt::format("{}: all samples are of one class ({}); there is nothing to learn to tell apart",
                  dataset.name, dataset.class_names[static_cast<std::size_t>(first)]);
  if (std::ranges::find(dataset.warnings, warning) == dataset.warnings.end()) {
    dataset.warnings.push_back(std::move(warning));
  }
}

}  // namespace

void Dataset::copy_values(std::uint32_t sample, std::span<float> out) const {
  const std::size_t size = shape.num_values();
  const std::size_t begin = sample * size;
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = has_byte_pixels() ? static_cast<float>(byte_pixels[begin + i]) / 255.0f
                               : float_pixels[begin + i];
  }
}

Dataset finish_dataset(Dataset dataset) {
  check(dataset);
  dataset.channel_mean.clear();
  dataset.channel_stddev.clear();
  if (dataset.has_byte_pixels()) {
    measure_channels(std::span<const std::uint8_t>(dataset.byte_pixels), 1.0 / 255.0, dataset);
  } else {
    measure_channels(std::span<const float>(dataset.float_pixels), 1.0, dataset);
  }
  dataset.content_hash = hash_content(dataset);
  if (dataset.read_bytes == 0) dataset.read_bytes = dataset.num_bytes();
  warn_of_single_class(dataset);
  return dataset;
}

Dataset take_samples(const Dataset& dataset, std::span<const std::uint32_t> samples) {
  Dataset part{.name = dataset.name,
               .shape = dataset.shape,
               .class_names = dataset.class_names,
               .stored_bytes_per_sample = dataset.stored_bytes_per_sample,
               .warnings = dataset.warnings,
               .read_bytes = dataset.read_bytes};
  const auto append = [size = dataset.shape.num_values()](const auto& from, std::size_t n,
                                                          auto& to) {
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(n * size);
    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
  };
  for (const std::uint32_t n : samples) {
    part.labels.push_back(dataset.labels[n]);
    if (!dataset.files.empty()) part.files.push_back(dataset.files[n]);
    if (dataset.has_byte_pixels()) {
      append(dataset.byte_pixels, n, part.byte_pixels);
    } else {
      append(dataset.float_pixels, n, part.float_pixels);
    }
  }
  return finish_dataset(std::move(part));
}

Dataset with_pixels(Dataset dataset, std::span<const std::uint32_t> samples,
                    const Dataset& pixels) {
  const std::size_t size = dataset.shape.num_values();
  const auto replace = [&](const auto& from, auto& to) {
    for (std::size_t at = 0; at < samples.size(); ++at) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at * size), size,
                  to.begin() + static_cast<std::ptrdiff_t>(samples[at] * size));
    }
  };
  if (dataset.has_byte_pixels()) {
    replace(pixels.byte_pixels, dataset.byte_pixels);
  } else {
    replace(pixels.float_pixels, dataset.float_pixels);
  }
  return finish_dataset(std::move(dataset));
}

Dataset take_evenly(const Dataset& dataset, std::uint32_t limit) {
  if (limit == 0 || limit >= dataset.num_samples()) return dataset;
  std::vector<std::uint32_t> samples(limit);
  for (std::uint64_t i = 0; i < limit; ++i) {
    samples[i] = static_cast<std::uint32_t>(i * dataset.num_samples() / limit);
  }
  return take_samples(dataset, samples);
}

Dataset take_at_random(const Dataset& dataset, std::uint32_t limit, std::uint64_t seed) {
  if (limit == 0 || limit >= dataset.num_samples()) return dataset;
  std::vector<std::uint32_t> samples = core::random_permutation(
      dataset.num_samples(), {.seed = seed, .purpose = core::Purpose::sample_limit});
  samples.resize(limit);
  std::sort(samples.begin(), samples.end());
  return take_samples(dataset, samples);
}

Dataset take_part(const Dataset& dataset, Part part) {
  if (part == Part::all) return dataset;
  std::vector<std::uint32_t> seen(dataset.num_classes());
  std::vector<std::uint32_t> samples;
  for (std::uint32_t n = 0; n < dataset.num_samples(); ++n) {
    const std::uint32_t position = seen[static_cast<std::size_t>(dataset.labels[n])]++;
    if ((position % 2 == 0) == (part == Part::a)) samples.push_back(n);
  }
  return take_samples(dataset, samples);
}

std::vector<std::uint32_t> class_counts(const Dataset& dataset,
                                        std::span<const std::uint32_t> samples) {
  std::vector<std::uint32_t> counts(dataset.num_classes());
  for (const std::uint32_t n : samples) ++counts[static_cast<std::size_t>(dataset.labels[n])];
  return counts;
}

std::vector<std::uint32_t> all_samples(const Dataset& dataset) {
  std::vector<std::uint32_t> samples(dataset.num_samples());
  std::iota(samples.begin(), samples.end(), 0u);
  return samples;
}

}  // namespace edgeprune::data
