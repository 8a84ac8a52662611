// From a data set to a container.
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/data/container.h"

#include "container_index.h"
#include "image_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

namespace edgeprune::data {
namespace {

using core::Error;
using core::ErrorKind;

// Enough for a mean whose error is a few percent.
constexpr std::uint32_t kMeasuredSamples = 512;

template <typename T>
std::string_view values_of(const std::vector<T>& pixels, const ImageShape& shape,
                           std::uint32_t sample) {
  const std::size_t size = shape.num_values();
  return {reinterpret_cast<const char*>(pixels.data() + sample * size), size * sizeof(T)};
}

Container empty_container(const Dataset& dataset, SampleCode code) {
  return {.code = code,
          .shape = dataset.shape,
          .class_names = dataset.class_names,
          .source_hash = dataset.content_hash,
          .shared = {""}};
}

// Fills a container, each beginning once.
class Packer {
 public:
  Packer(const Dataset& dataset, Container& container) : dataset_(dataset), container_(container) {}

  void add(std::uint32_t sample, std::string_view beginning, std::string_view rest) {
    container_.samples.push_back({.source = sample,
                                  .label = dataset_.labels[sample],
                                  .shared = place_of(beginning),
                                  .content = std::string(rest)});
  }

  void add_image(std::uint32_t sample, std::string_view content) {
    const std::size_t beginning = jpeg_beginning(content);
    add(sample, content.substr(0, beginning), content.substr(beginning));
  }

 private:
  std::uint32_t place_of(std::string_view beginning) {
    if (beginning.empty()) return 0;
    const auto place = static_cast<std::uint32_t>(container_.shared.size());
    const auto [known, is_new] = places_.try_emplace(std::string(beginning), place);
    if (is_new) container_.shared.emplace_back(beginning);
    return known->second;
  }

  const Dataset& dataset_;
  Container& container_;
  std::map<std::string, std::uint32_t, std::less<>> places_;
};

std::string read_original(const Dataset& dataset, std::uint32_t sample) {
  const SampleFile& file = dataset.files[sample];
  const std::filesystem::path path = std::filesystem::path(dataset.name) / file.path;
  std::string content = core::read_file(path);
  if (content.size() == file.bytes) return content;
  throw Error(ErrorKind::io, fmt::format("{}: has {} bytes but had {} when it was read; restore it",
                                         path.string(), content.size(), file.bytes));
}

Container scaled_to_bytes(const Dataset& dataset, std::span<const std::uint32_t> samples) {
  constexpr float kLevels = 255;
  Container container = empty_container(dataset, SampleCode::scaled);
  const std::size_t channels = dataset.shape.channels;
  std::vector<float> largest(channels, -INFINITY);
  container.minimum.assign(channels, INFINITY);
  for (const std::uint32_t sample : samples) {
    for (std::size_t i = 0; i < dataset.shape.num_values(); ++i) {
      const float value = dataset.float_pixels[sample * dataset.shape.num_values() + i];
      float& least = container.minimum[i % channels];
      least = std::min(least, value);
      largest[i % channels] = std::max(largest[i % channels], value);
    }
  }
  for (std::size_t c = 0; c < channels; ++c) {
    // Each divided first: the difference of two large numbers of other signs may be infinite.
    container.step.push_back(largest[c] / kLevels - container.minimum[c] / kLevels);
  }
  Packer packer(dataset, container);
  std::string bytes(dataset.shape.num_values(), '\0');
  for (const std::uint32_t sample : samples) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const float step = container.step[i % channels];
      const float value = dataset.float_pixels[sample * bytes.size() + i];
      const float level =
          step > 0 ? std::round(value / step - container.minimum[i % channels] / step) : 0;
      bytes[i] = static_cast<char>(static_cast<std::uint8_t>(std::clamp(level, 0.0f, kLevels)));
    }
    packer.add(sample, "", bytes);
  }
  return container;
}

Container as_jpeg(const Dataset& dataset, std::span<const std::uint32_t> samples,
                  std::uint32_t quality) {
  Container container = empty_container(dataset, SampleCode::images);
  container.jpeg_quality = quality;
  Packer packer(dataset, container);
  const std::size_t size = dataset.shape.num_values();
  for (const std::uint32_t sample : samples) {
    const auto pixels = std::span(dataset.byte_pixels).subspan(sample * size, size);
    packer.add_image(sample,
                     encode_jpeg(pixels, dataset.shape, static_cast<int>(quality), dataset.name));
  }
  return container;
}

void require_encodable(const Dataset& dataset) {
  const std::uint32_t channels = dataset.shape.channels;
  if (!dataset.has_byte_pixels() || channels == 1 || channels == 3) return;
  throw Error(ErrorKind::config,
              fmt::format("{}: bytes of {} channels cannot be re-encoded as JPEG, which has 1 or "
                          "3; store the originals",
                          dataset.name, channels));
}

[[noreturn]] void refuse_bytes(const Dataset& dataset, std::size_t samples, std::uint64_t bytes,
                               std::uint64_t max_bytes) {
  throw Error(ErrorKind::config,
              fmt::format("{}: {} re-encoded samples take {} bytes at least, more than {}; keep "
                          "fewer samples or allow more bytes",
                          dataset.name, samples, bytes, max_bytes));
}

// The container of the highest quality in [lowest, highest] that fits, larger ones never being
// smaller; `lowest` is known to fit, or the least that there is.
Container best_fitting(const Dataset& dataset, std::span<const std::uint32_t> samples,
                       std::uint32_t lowest, std::uint32_t highest, std::uint64_t max_bytes) {
  Container best = as_jpeg(dataset, samples, lowest);
  if (const std::uint64_t bytes = container_bytes(best).size(); bytes > max_bytes) {
    refuse_bytes(dataset, samples.size(), bytes, max_bytes);
  }
  while (lowest < highest) {
    const std::uint32_t middle = (lowest + highest + 1) / 2;
    Container tried = as_jpeg(dataset, samples, middle);
    if (container_bytes(tried).size() <= max_bytes) {
      best = std::move(tried);
      lowest = middle;
    } else {
      highest = middle - 1;
    }
  }
  return best;
}

std::uint64_t own_bytes(const Dataset& dataset, std::uint32_t sample) {
  if (!dataset.files.empty()) return dataset.files[sample].own_bytes;
  return dataset.shape.num_values() * (dataset.has_byte_pixels() ? 1 : sizeof(float));
}

}  // namespace

Container pack_originals(const Dataset& dataset, std::span<const std::uint32_t> samples) {
  const bool from_files = !dataset.files.empty();
  const SampleCode values = dataset.has_byte_pixels() ? SampleCode::bytes : SampleCode::floats;
  Container container = empty_container(dataset, from_files ? SampleCode::images : values);
  Packer packer(dataset, container);
  for (const std::uint32_t sample : samples) {
    if (from_files) {
      packer.add_image(sample, read_original(dataset, sample));
    } else if (dataset.has_byte_pixels()) {
      packer.add(sample, "", values_of(dataset.byte_pixels, dataset.shape, sample));
    } else {
      packer.add(sample, "", values_of(dataset.float_pixels, dataset.shape, sample));
    }
  }
  return container;
}

Container reencode(const Dataset& dataset, std::span<const std::uint32_t> samples,
                   const ReencodeOptions& options) {
  require_encodable(dataset);
  const bool is_limited = options.max_bytes > 0;
  const auto fits = [&](std::uint64_t bytes) { return !is_limited || bytes <= options.max_bytes; };
  if (!dataset.has_byte_pixels()) {
    Container container = scaled_to_bytes(dataset, samples);
    const std::uint64_t bytes = container_bytes(container).size();
    if (!fits(bytes)) refuse_bytes(dataset, samples.size(), bytes, options.max_bytes);
    return container;
  }
  const bool is_given = options.jpeg_quality > 0;
  const std::uint32_t wanted = is_given ? options.jpeg_quality : kUsualJpegQuality;
  Container container = as_jpeg(dataset, samples, wanted);
  if (!fits(container_bytes(container).size())) {
    return best_fitting(dataset, samples, 1, wanted - 1, options.max_bytes);
  }
  if (is_given || !is_limited) return container;
  return best_fitting(dataset, samples, wanted, kHighestJpegQuality, options.max_bytes);
}

double original_bytes_per_sample(const Dataset& dataset) {
  double bytes = 0;
  for (std::uint32_t sample = 0; sample < dataset.num_samples(); ++sample) {
    const std::uint64_t own = own_bytes(dataset, sample);
    bytes += static_cast<double>(
        own + index_bytes({.distance = 1, .label = dataset.labels[sample], .bytes = own}));
  }
  return bytes / dataset.num_samples();
}

PackedSize reencoded_size(const Dataset& dataset, std::uint32_t jpeg_quality) {
  std::vector<std::uint32_t> samples;
  const std::uint32_t count = std::min(dataset.num_samples(), kMeasuredSamples);
  for (std::uint64_t i = 0; i < count; ++i) {
    samples.push_back(static_cast<std::uint32_t>(i * dataset.num_samples() / count));
  }
  const Container container = reencode(dataset, samples, {.jpeg_quality = jpeg_quality});
  double bytes = 0;
  for (const StoredSample& sample : container.samples) {
    const std::uint64_t own = sample.content.size();
    const IndexEntry entry{
        .distance = 1, .label = sample.label, .shared = sample.shared, .bytes = own};
    bytes += static_cast<double>(own + index_bytes(entry));
  }
  return {.per_sample = bytes / count,
          .shared = static_cast<double>(container_bytes(container).size()) - bytes};
}

}  // namespace edgeprune::data
