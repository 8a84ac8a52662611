#include "edgeprune/run/run_inputs.h"

#include "edgeprune/data/readers.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/run/run_network.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

// The same run from files, and from what was read from the files.
class InMemory : public ::testing::Test {
 protected:
  [[nodiscard]] data::Dataset half(const std::string& name) const {
    return data::read_npy_pair(files_.directory() / (name + "-images.npy"),
                               files_.directory() / (name + "-labels.npy"), data::NpyLayout::nhwc);
  }
  [[nodiscard]] RunInputs inputs() const { return RunInputs(half("train"), half("test")); }

  [[nodiscard]] config::Config from_files(const std::string& name) const {
    return files_.config(name, {"train.epochs=2", "score.warmup_iterations=7"});
  }
  [[nodiscard]] config::Config from_memory(const std::string& name) const {
    config::Config config = from_files(name);
    config.data = {.format = data::SourceFormat::memory};
    return config;
  }
  static RunResult run(const config::Config& config, const PipelineOptions& options) {
    prepare_run_directory(config::resolve(config), false, options.inputs);
    return run_pipeline(config::resolve(config), options);
  }

  SmallRun files_;
};

void expect_same_results(const config::Config& a, const config::Config& b) {
  for (const std::string_view file :
       {kScoresFile, kScoresManifestFile, kSelectionFile, kModelFile}) {
    EXPECT_EQ(run_file(a, file), run_file(b, file)) << file;
  }
}

TEST_F(InMemory, HasTheBitsOfTheSameDataFromFiles) {
  const config::Config files = from_files("files");
  const config::Config memory = from_memory("memory");
  const RunInputs in = inputs();
  const RunResult read = SmallRun::run(files);
  const RunResult given = run(memory, {.inputs = &in});
  expect_same_results(files, memory);
  EXPECT_EQ(given.test_accuracy, read.test_accuracy);
  EXPECT_EQ(given.test_loss, read.test_loss);
}

TEST_F(InMemory, IsResumedToTheSameBitsWithTheSameInputsAndSaysWhatIsMissingWithout) {
  const RunInputs in = inputs();
  const config::Config whole = from_memory("whole");
  (void)run(whole, {.inputs = &in});
  const config::Config stopped = from_memory("stopped");
  StopAfter stop(9);
  EXPECT_THROW((void)run(stopped, {.stop = &stop.flag, .events = &stop, .inputs = &in}),
               core::Error);
  const config::ResolvedConfig begun = read_run_config(stopped.run.directory);
  expect_error(ErrorKind::config, {"data set", "handed over", "missing"},
               [&] { (void)run_pipeline(begun, {}); });
  const RunInputs others(half("test"));
  expect_error(ErrorKind::run_directory, {"data set has changed"},
               [&] { (void)run_pipeline(begun, {.inputs = &others}); });
  (void)run_pipeline(begun, {.inputs = &in});
  expect_same_results(whole, stopped);
}

TEST_F(InMemory, TakesANetworkAndFirstWeightsToo) {
  const config::Config files = from_files("files");
  (void)SmallRun::run(files);
  config::Config memory = from_memory("memory");
  memory.model.network = kNetworkInMemory;
  RunInputs in = inputs();
  in.network = build_run_network(files, in.data->shape(), 4);
  in.model = nn::initial_model(*in.network, files.run.seed);
  (void)run(memory, {.goal = Phase::select, .inputs = &in});
  RunInputs changed = in;
  changed.network = nn::build_network({.name = "mlp", .hidden_sizes = {3}}, in.data->shape(), 4);
  changed.model.reset();
  expect_error(ErrorKind::run_directory, {"network in memory"}, [&] {
    (void)run_pipeline(config::resolve(memory), {.goal = Phase::done, .inputs = &changed});
  });
  in.model.reset();
  (void)run_pipeline(config::resolve(memory), {.goal = Phase::done, .inputs = &in});
  EXPECT_EQ(run_file(files, kScoresFile), run_file(memory, kScoresFile));
  EXPECT_EQ(run_file(files, kSelectionFile), run_file(memory, kSelectionFile));
}

TEST_F(InMemory, IsReplacedAfterATryWithTheInputs) {
  const RunInputs in = inputs();
  const config::ResolvedConfig config = config::resolve(from_memory("memory"));
  (void)run(*config, {.inputs = &in});
  expect_error(ErrorKind::config, {"missing"}, [&] { prepare_run_directory(config, true); });
  EXPECT_TRUE(is_complete(config->run.directory));
  prepare_run_directory(config, true, &in);
  EXPECT_FALSE(is_complete(config->run.directory));
}

TEST_F(InMemory, IsRefusedWhereTheConfigurationSaysOtherwise) {
  const RunInputs in = inputs();
  expect_error(ErrorKind::config, {"data.format names files"},
               [&] { (void)run(from_files("files"), {.inputs = &in}); });
  config::Config limited = from_memory("limited");
  limited.data.train_limit = 10;
  expect_error(ErrorKind::config, {"data.train_limit"},
               [&] { (void)run(limited, {.inputs = &in}); });
  RunInputs with_network = in;
  with_network.network = nn::build_network({.name = "mlp"}, in.data->shape(), 4);
  expect_error(ErrorKind::config, {"model.network is cnn"},
               [&] { (void)run(from_memory("cnn"), {.inputs = &with_network}); });
  config::Config own = from_memory("own");
  own.model.network = kNetworkInMemory;
  expect_error(ErrorKind::config, {"model.network is memory", "missing"},
               [&] { (void)run(own, {.inputs = &in}); });
  with_network.network = nn::build_network({.name = "mlp"}, in.data->shape(), 5);
  expect_error(ErrorKind::config, {"5 classes", "4 classes"},
               [&] { (void)run_pipeline(config::resolve(own), {.inputs = &with_network}); });
}

TEST_F(InMemory, IsRefusedWithoutItsDataBeforeAnythingIsWritten) {
  const config::ResolvedConfig resolved = config::resolve(from_memory("nothing"));
  expect_error(ErrorKind::config, {"data.format is memory"},
               [&] { prepare_run_directory(resolved, false); });
  EXPECT_FALSE(std::filesystem::exists(resolved->run.directory));
}

}  // namespace
}  // namespace edgeprune::run
