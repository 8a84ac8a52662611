#pragma once
// A data set of a few hundred small images, easy but not trivial, and a configuration that trains
// on it in a fraction of a second.

#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/random.h"
#include "edgeprune/run/new_run.h"
#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_summary.h"

#include "support/temp_directory.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::run {

/// 8 x 8 images, four classes: a bright quadrant in noise. Writes NAME-images.npy and
/// NAME-labels.npy.
inline void write_quadrants(const std::filesystem::path& directory, const std::string& name,
                            std::uint32_t num_samples) {
  core::RandomStream draws({.seed = 11, .index = num_samples});
  std::vector<std::uint8_t> images;
  std::vector<std::uint8_t> labels;
  for (std::uint32_t n = 0; n < num_samples; ++n) {
    labels.push_back(static_cast<std::uint8_t>(draws.below(4)));
    for (std::uint32_t pixel = 0; pixel < 64; ++pixel) {
      const std::uint32_t quadrant = (pixel / 32) * 2 + (pixel % 8) / 4;
      images.push_back(
          static_cast<std::uint8_t>(draws.below(160) + (quadrant == labels[n] ? 60 : 0)));
    }
  }
  core::write_npy(directory / (name + "-images.npy"), std::span<const std::uint8_t>(images),
                  {num_samples, 8, 8});
  core::write_npy(directory / (name + "-labels.npy"), std::span<const std::uint8_t>(labels),
                  {num_samples});
}

class SmallRun {
 public:
  explicit SmallRun(std::uint32_t num_samples = 150) {
    write_quadrants(directory_.path(), "train", num_samples);
    write_quadrants(directory_.path(), "test", 60);
  }

  /// A configuration for a run in the subdirectory `name`.
  [[nodiscard]] config::Config config(const std::string& name,
                                      const std::vector<std::string>& overrides = {}) const {
    const auto path = [&](const char* file) { return (directory_ / file).string(); };
    std::vector<std::string> all = {"data.format=npy",
                                    "data.images=" + path("train-images.npy"),
                                    "data.labels=" + path("train-labels.npy"),
                                    "data.test_images=" + path("test-images.npy"),
                                    "data.test_labels=" + path("test-labels.npy"),
                                    "train.batch_size=16",
                                    "train.epochs=3",
                                    "run.threads=2",
                                    "run.directory=" + path(name.c_str())};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return config::read_config("", all);
  }

  /// Runs it from the start and returns the result.
  [[nodiscard]] static RunResult run(const config::Config& config,
                                     const PipelineOptions& options = {}) {
    return run_pipeline(prepare_run_directory(config::resolve(config), false), options);
  }

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  testing::TempDirectory directory_;
};

/// Raises the stop flag after a number of steps.
class StopAfter final : public Events {
 public:
  explicit StopAfter(std::uint64_t steps) : left_(steps) {}
  void on_step(Phase, std::uint64_t, std::uint64_t, std::uint32_t) override {
    if (--left_ == 0) flag.store(true);
  }
  std::atomic<bool> flag{false};

 private:
  std::uint64_t left_;
};

/// Keeps what a run says.
struct Notices : Events {
  void on_notice(const Notice& notice) override {
    all += notice.text + "\n";
    kinds.push_back(notice.kind);
  }
  [[nodiscard]] auto count(NoticeKind kind) const {
    return std::count(kinds.begin(), kinds.end(), kind);
  }
  [[nodiscard]] int count(const std::string& part) const {
    int found = 0;
    for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++found;
    return found;
  }
  std::string all;
  std::vector<NoticeKind> kinds;
};

inline std::string run_file(const config::Config& config, std::string_view name) {
  return core::read_file(std::filesystem::path(config.run.directory) / name);
}

}  // namespace edgeprune::run
