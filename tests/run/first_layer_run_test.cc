// Runs whose first layer starts from the images, and whose flips alternate.

#include "edgeprune/nn/model_file.h"
#include "edgeprune/run/planned_run.h"
#include "edgeprune/train/first_layer.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

const std::vector<std::string> kFromImages = {"model.first_layer=pca", "run.seed=3",
                                              "train.horizontal_flip=true",
                                              "train.flip_order=alternating"};

TEST(FirstLayerRun, StartsFromTheImagesOfItsTrainingSet) {
  const SmallRun data;
  const PlannedRun run(config::resolve(data.config("run", kFromImages)));
  nn::Model expected = nn::initial_model(run.network(), 3);
  EXPECT_NE(run.first_model().parameters, expected.parameters);
  train::start_first_layer(expected, {.network = run.network(),
                                      .network_name = "cnn",
                                      .train = run.data().train,
                                      .normalisation = run.data().normalisation,
                                      .seed = 3});
  EXPECT_EQ(run.first_model().parameters, expected.parameters);
}

TEST(FirstLayerRun, StoppedAnywhereGoesOnWithTheSameBits) {
  const SmallRun data;
  const config::Config whole = data.config("whole", kFromImages);
  (void)SmallRun::run(whole);
  for (const std::uint64_t steps : {1, 7, 14, 22}) {
    const config::Config stopped = data.config("stopped" + std::to_string(steps), kFromImages);
    StopAfter stop(steps);
    EXPECT_THROW((void)SmallRun::run(stopped, {.stop = &stop.flag, .events = &stop}), core::Error);
    (void)run_pipeline(open_run_directory(stopped.run.directory), {});
    EXPECT_EQ(run_file(stopped, kModelFile), run_file(whole, kModelFile)) << steps;
  }
}

TEST(FirstLayerRun, AlternatingFlipsAreOtherRunsThanRandomOnes) {
  const SmallRun data;
  const std::vector<std::string> flips = {"train.horizontal_flip=true"};
  const config::Config random = data.config("random", flips);
  const config::Config alternating =
      data.config("alternating", {flips.front(), "train.flip_order=alternating"});
  (void)SmallRun::run(random);
  (void)SmallRun::run(alternating);
  EXPECT_EQ(run_file(random, kScoresFile), run_file(alternating, kScoresFile));
  EXPECT_NE(run_file(random, kModelFile), run_file(alternating, kModelFile));
}

TEST(FirstLayerRun, RefusesAGivenModelAndOtherNetworks) {
  const SmallRun data;
  const config::Config earlier = data.config("earlier", {"train.epochs=1"});
  (void)SmallRun::run(earlier);
  const std::string model = "model.init=" + earlier.run.directory + "/" + std::string(kModelFile);
  const auto start = [&](const std::string& override_text) {
    (void)SmallRun::run(data.config("run", {"model.first_layer=pca", override_text}));
  };
  expect_error(ErrorKind::config, {"model.first_layer is \"pca\"", "a given model"},
               [&] { start(model); });
  expect_error(ErrorKind::config, {"the first layer of mlp is linear"},
               [&] { start("model.network=mlp"); });
}

}  // namespace
}  // namespace edgeprune::run
