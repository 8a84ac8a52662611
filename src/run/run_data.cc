#include "edgeprune/run/run_data.h"

#include "edgeprune/data/corruption.h"
#include "edgeprune/data/source.h"

#include <fmt/format.h>

namespace edgeprune::run {
namespace {

bool is_folder_or_container(data::SourceFormat format) {
  return format == data::SourceFormat::folder || format == data::SourceFormat::container;
}

data::SourceOptions source_of(const config::Config::Data& config, data::Split split) {
  const bool train = split == data::Split::train;
  data::SourceOptions options{.format = config.format,
                              .path = config.path,
                              .images = train ? config.images : config.test_images,
                              .labels = train ? config.labels : config.test_labels,
                              .layout = config.layout,
                              .limit = train ? config.train_limit : config.test_limit,
                              .sample_seed = train ? config.sample_seed : 0,
                              .part = train ? data::Part::all : config.test_part};
  if (is_folder_or_container(config.format) && !train) options.path = config.test_path;
  if (config.resize_height > 0) {
    options.folder.resize_height = config.resize_height;
    options.folder.resize_width = config.resize_width;
  }
  options.folder.channels = config.channels;
  return options;
}

bool has_test_set(const config::Config::Data& config) {
  switch (config.format) {
    case data::SourceFormat::folder:
    case data::SourceFormat::container:
      return !config.test_path.empty();
    case data::SourceFormat::idx:
    case data::SourceFormat::npy:
      return !config.test_images.empty();
    case data::SourceFormat::memory:
      return false;
    default:
      return true;
  }
}

}  // namespace

data::Dataset open_training_data(const config::Config& config) {
  data::SourceOptions source = source_of(config.data, data::Split::train);
  const bool skewed = config.data.class_skew > 0;
  if (skewed) source.limit = 0;
  data::Dataset dataset = data::open_dataset(source, data::Split::train);
  if (skewed) {
    dataset = data::with_class_skew(dataset, config.data.class_skew, config.data.train_limit,
                                    config.run.seed);
  }
  if (config.data.label_noise == 0) return dataset;
  return data::with_label_noise(std::move(dataset), config.data.label_noise, config.run.seed);
}

RunData open_run_data(const config::Config& config) {
  RunData data;
  data.train = open_training_data(config);
  data.normalisation = data::normalisation_of(data.train);
  if (has_test_set(config.data)) {
    data::SourceOptions source = source_of(config.data, data::Split::test);
    const std::uint32_t channels = data.train.shape.channels;
    if (channels == 1 || channels == 3) source.folder.usual_channels = channels;
    data.test = data::match_to_training(data::open_dataset(source, data::Split::test), data.train);
  }
  return data;
}

std::vector<std::string> RunData::warnings(std::uint32_t batch_size) const {
  std::vector<std::string> lines = train.warnings;
  if (test) lines.insert(lines.end(), test->warnings.begin(), test->warnings.end());
  if (train.num_samples() < batch_size) {
    lines.push_back(
        fmt::format("{}: {} samples are fewer than train.batch_size {}; each pass is one "
                    "batch",
                    train.name, train.num_samples(), batch_size));
  }
  return lines;
}

std::vector<std::string> vanished_classes(const data::Dataset& dataset,
                                          std::span<const std::uint32_t> kept) {
  const auto before = data::class_counts(dataset, data::all_samples(dataset));
  const auto after = data::class_counts(dataset, kept);
  std::string names;
  int vanished = 0;
  for (std::size_t c = 0; c < before.size(); ++c) {
    if (before[c] == 0 || after[c] > 0) continue;
    ++vanished;
    names += (names.empty() ? "" : ", ") + dataset.class_names[c];
  }
  if (vanished == 0) return {};
  return {fmt::format("{} of {} classes have no kept sample ({}); raise prune.keep_ratio", vanished,
                      before.size(), names)};
}

}  // namespace edgeprune::run
