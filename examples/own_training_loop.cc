// A training loop of your own: data made in memory, a network, an update rule, and the loop.
#include <cstdio>
#include <edgeprune/data/dataset.h>
#include <edgeprune/nn/networks.h>
#include <edgeprune/train/trainer.h>
#include <edgeprune/train/training_pass.h>
#include <memory>
#include <utility>

using namespace edgeprune;

// 400 points of the plane; a point's class is the side of a parabola on which it lies.
data::Dataset make_points() {
  data::Dataset points{.name = "points", .shape = {1, 1, 2}, .class_names = {"below", "above"}};
  for (int n = 0; n < 400; ++n) {
    const float x = 0.1f * static_cast<float>(n % 20) - 1;
    const float y = 0.1f * static_cast<float>(n / 20) - 1;
    points.float_pixels.insert(points.float_pixels.end(), {x, y});
    points.labels.push_back(y > x * x - 0.5f ? 1 : 0);
  }
  return data::finish_dataset(std::move(points));
}

// Lion without weight decay: only the sign of each step counts.
class Lion final : public nn::UpdateRule {
 public:
  std::vector<std::string> state_names() const override { return {"momentum"}; }
  void update(const nn::UpdateStretch& stretch) const override {
    for (std::size_t i = 0; i < stretch.parameters.size(); ++i) {
      float& momentum = stretch.state[0][i];
      const float direction = 0.9f * momentum + 0.1f * stretch.gradients[i];
      stretch.parameters[i] -= direction > 0 ? stretch.learning_rate : -stretch.learning_rate;
      momentum = 0.99f * momentum + 0.01f * stretch.gradients[i];
    }
  }
};

int main() {
  const data::Dataset points = make_points();
  const data::Normalisation normalisation = data::normalisation_of(points);
  const nn::Network network = nn::mlp({1, 1, 2}, {16}, points.num_classes());
  core::ThreadPool pool(1);
  train::Trainer trainer(network, nn::initial_model(network, /*seed=*/1),
                         {.batch_size = 32, .optimizer = {.rule = std::make_shared<Lion>()}}, pool);
  const auto all = data::all_samples(points);
  for (std::uint32_t epoch = 0; epoch < 20; ++epoch) {
    train::TrainingPass pass(
        points, {.samples = all},
        {.batch_size = 32, .loader = {.normalisation = normalisation, .epoch = epoch}});
    while (const data::Batch* batch = pass.next()) trainer.train_batch(*batch, 0.005f);
  }
  const double accuracy = trainer.evaluate(points, all, normalisation).accuracy();
  std::printf("accuracy %.3f\n", accuracy);
  return accuracy > 0.9 ? 0 : 1;
}
