#pragma once
// One network being trained: steps over batches, evaluation over data sets.
//
//   core::ThreadPool pool(4);
//   Trainer trainer(network, nn::initial_model(network, /*seed=*/1), {.batch_size = 64}, pool);
//   const data::LoaderOptions loading{.normalisation = data::normalisation_of(train)};
//   data::BatchLoader batches(train, shuffled, {train.num_samples(), 64}, loading);   // indices
//   while (const data::Batch* batch = batches.next()) trainer.train_batch(*batch, 0.001f);
//   trainer.evaluate(test, data::all_samples(test), loading.normalisation).accuracy();
//
// Not thread-safe: one thread at a time calls it, and it works on the threads of its pool. Several
// trainers may run side by side, each with a pool of its own.

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/nn/program.h"
#include "edgeprune/score/scores.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace edgeprune::train {

struct TrainerOptions {
  std::uint32_t batch_size = 64;
  nn::OptimizerOptions optimizer;
  nn::LossOptions loss;
  nn::Freeze freeze = nn::Freeze::none;
  nn::Precision precision = nn::Precision::f32;
  bool recompute = false;              // nn::ProgramOptions
  std::uint32_t micro_batch_size = 0;  // 0, or the batch size: a batch is not split
  /// Sizes of training batches besides the network's own. Samples are evaluated at that alone.
  std::vector<core::SampleShape> other_sizes;

  [[nodiscard]] bool is_split() const {
    return micro_batch_size > 0 && micro_batch_size < batch_size;
  }
  /// The samples that go through the network at once, as a BatchPlan cuts them.
  [[nodiscard]] std::uint32_t samples_at_once() const {
    return is_split() ? micro_batch_size : batch_size;
  }
};
/// The programs of such a trainer: they share their memory.
[[nodiscard]] nn::ProgramOptions program_options(const TrainerOptions& options);
/// The network at its own size, then at the others. One that does not suit it is an Error of kind
/// config that names the layer.
[[nodiscard]] std::vector<nn::Network> networks_by_size(const nn::Network& network,
                                                        const TrainerOptions& options);

/// Per-sample results over some samples, in their order.
struct Evaluation {
  std::vector<float> losses;
  std::vector<std::uint8_t> correct;

  [[nodiscard]] double mean_loss() const;
  [[nodiscard]] double accuracy() const;
};

struct EvaluateOptions {
  /// Asked between batches; when it says yes, an Error of kind interrupted is thrown.
  std::function<bool()> interrupted;
  score::ScoreNeeds observed;
  /// Sees each batch, with what `observed` asks for, as it goes by.
  std::function<void(const score::Observation&)> on_batch;
};

class Trainer {
 public:
  /// The network is copied, the model taken over; `pool` must outlive the trainer.
  Trainer(const nn::Network& network, nn::Model model, const TrainerOptions& options,
          core::ThreadPool& pool);

  struct Step {
    /// Losses, which are finite, and labels, and what `observed` asked for; before the update.
    /// Valid until the next call.
    score::Observation observation;
    std::uint32_t correct = 0;
  };
  /// One update on a batch, equations (5), (6) and (22). A split batch goes through the network in
  /// micro-batches, whose gradients are added up; batch norm normalises each by itself and moves
  /// its running statistics once for each. A micro-batch of one joins the one before. `weights` per
  /// sample, empty: all 1. A loss that is not finite is an Error of kind numeric that names the
  /// samples, the step (counted over all this trainer's and its restored state's) and the learning
  /// rate; the parameters are then not updated, but running statistics have seen the batch. A batch
  /// of a size that the options do not name is an internal Error.
  Step train_batch(const data::Batch& batch, float learning_rate,
                   std::span<const float> weights = {}, const score::ScoreNeeds& observed = {});

  /// Forward passes in evaluation mode, in batches or micro-batches.
  [[nodiscard]] Evaluation evaluate(const data::Dataset& dataset,
                                    std::span<const std::uint32_t> samples,
                                    const data::Normalisation& normalisation,
                                    const EvaluateOptions& options = {});

  [[nodiscard]] const nn::Network& network() const { return programs_.front().network(); }
  [[nodiscard]] const nn::Model& model() const { return model_; }
  [[nodiscard]] const nn::OptimizerState& optimizer_state() const { return optimizer_.state(); }
  /// Lets `fill` write saved numbers over the weights and the optimizer's state; their lengths must
  /// stay.
  void restore(const std::function<void(nn::Model&, nn::OptimizerState&)>& fill);
  [[nodiscard]] nn::ProgramMemory program_memory() const { return programs_.front().memory(); }
  /// For LoaderOptions::pool of the batches that it trains on: its own threads where they are all
  /// that this process may use, else null. Several trainers that share the processors have null.
  [[nodiscard]] core::ThreadPool* loading_pool() const;

 private:
  [[nodiscard]] nn::Program& program_for(std::size_t sample_values);
  std::uint32_t train_part(const data::Batch& batch, const core::BatchRange& part,
                           std::span<const float> weights, float learning_rate,
                           const score::ScoreNeeds& observed);
  void reserve(const score::ScoreNeeds& observed);
  [[nodiscard]] std::span<float> probabilities_of(const core::BatchRange& part,
                                                  const score::ScoreNeeds& observed);
  void keep_outputs(const core::BatchRange& part, std::span<const float> logits,
                    const score::ScoreNeeds& observed);
  [[nodiscard]] score::Observation observation_of(const data::Batch& batch,
                                                  const score::ScoreNeeds& observed) const;

  TrainerOptions options_;
  core::ThreadPool& pool_;
  std::vector<nn::Program> programs_;  // by size, the network's own first
  nn::Program* program_ = nullptr;     // of the last forward pass
  nn::Model model_;
  nn::Optimizer optimizer_;
  std::vector<float> gradients_;
  std::vector<float> part_gradients_;  // of one micro-batch
  std::vector<float> losses_;
  std::vector<float> logit_gradients_;
  // Of a whole batch, where they are observed.
  std::vector<float> logits_;
  std::vector<float> probabilities_;
  std::vector<float> features_;
};

}  // namespace edgeprune::train
