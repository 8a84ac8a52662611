#pragma once
// The data of one run: training and test halves, opened as the configuration says.

#include "edgeprune/config/config.h"
#include "edgeprune/data/dataset.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/nn/network.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::run {

struct RunData {
  data::Dataset train;
  std::optional<data::Dataset> test;
  data::Normalisation normalisation;  // of the whole training set, D_k

  [[nodiscard]] nn::Shape shape() const { return train.shape; }
  /// Test samples; 0 without a test set.
  [[nodiscard]] std::uint32_t num_test() const { return test ? test->num_samples() : 0; }
  /// Of the test set's content; empty without one.
  [[nodiscard]] std::string test_hash() const { return test ? test->content_hash : std::string(); }
  /// What one evaluation goes over: all of both halves.
  [[nodiscard]] std::uint64_t num_evaluated() const {
    return std::uint64_t{train.num_samples()} + num_test();
  }
  /// The readers' warnings and those that depend on the batch size.
  [[nodiscard]] std::vector<std::string> warnings(std::uint32_t batch_size) const;
};

/// Errors of kind data and io, from the readers.
[[nodiscard]] RunData open_run_data(const config::Config& config);
/// The training half alone.
[[nodiscard]] data::Dataset open_training_data(const config::Config& config);

/// One line if classes of the data set have no kept sample, else none.
[[nodiscard]] std::vector<std::string> vanished_classes(const data::Dataset& dataset,
                                                        std::span<const std::uint32_t> kept);

}  // namespace edgeprune::run
