#include "field_rows.h"

namespace edgeprune::config {
namespace {

constexpr Word<train::Recipe> kRecipes[] = {
    {"as_given", train::Recipe::as_given},
    {"auto", train::Recipe::automatic},
};
constexpr Word<train::WantedPrecision> kPrecisions[] = {
    {"f32", train::WantedPrecision::f32},
    {"bf16", train::WantedPrecision::bf16},
    {"bf16_or_f32", train::WantedPrecision::bf16_or_f32},
    {"bf16_storage", train::WantedPrecision::bf16_storage},
};
constexpr Word<train::MemoryMode> kMemoryModes[] = {
    {"auto", train::MemoryMode::automatic},
    {"keep", train::MemoryMode::keep},
    {"recompute", train::MemoryMode::recompute},
    {"accumulate", train::MemoryMode::accumulate},
};
constexpr Word<core::LastBatch> kLastBatches[] = {
    {"keep", core::LastBatch::keep},
    {"fill", core::LastBatch::fill},
};
constexpr Word<nn::ScheduleKind> kSchedules[] = {
    {"constant", nn::ScheduleKind::constant},
    {"cosine", nn::ScheduleKind::cosine},
    {"linear", nn::ScheduleKind::linear},
    {"one_cycle", nn::ScheduleKind::one_cycle},
};
constexpr Word<data::FlipOrder> kFlipOrders[] = {
    {"random", data::FlipOrder::random},
    {"alternating", data::FlipOrder::alternating},
};
constexpr Word<nn::OptimizerKind> kOptimizers[] = {
    {"adam", nn::OptimizerKind::adam},
    {"adamw", nn::OptimizerKind::adamw},
    {"muon", nn::OptimizerKind::muon},
    {"sgd", nn::OptimizerKind::sgd},
};

}  // namespace

std::vector<FieldRow> step_rows() {
  return {
      words<kRecipes>(
          {.key = "train.recipe",
           .description =
               "`as_given` trains as the fields below say. `auto` sets optimizer, schedule, rates, "
               "batches, resolutions, flips and label smoothing by the network and the work; after "
               "a warm-up schedule, rate, label smoothing and `train.beta2` alone "
               "([choosing.md](choosing.md#the-recipe))."},
          [](auto& c) -> auto& { return c.train.recipe; }),
      field(
          {.key = "train.epochs", .unit = "passes", .description = "Passes over the kept samples."},
          kAtLeastOne, [](auto& c) -> auto& { return c.train.epochs; }),
      field(
          {.key = "train.batch_size",
           .unit = "samples",
           .description = "Samples per step, in the warm-up too."},
          kAtLeastOne, [](auto& c) -> auto& { return c.train.batch_size; }),
      words<kLastBatches>(
          {.key = "train.last_batch",
           .description = "The last batch of a pass after the warm-up: `keep` leaves it as short "
                          "as it is, `fill` fills it up with samples of the same pass, so that "
                          "every step is of a whole batch."},
          [](auto& c) -> auto& { return c.train.last_batch; }),
      field(
          {.key = "train.resolutions",
           .description =
               "Training after the warm-up on smaller samples first: a list of [size, share of the "
               "work], such as `[[0.5, 0.2], [0.75, 0.3], [1.0, 0.5]]`. Sizes are shares of height "
               "and width and rise to 1; the shares of the work (FLOPs) add up to 1. The work "
               "stays that of `train.epochs` at full size, or the budget's, so that small samples "
               "buy more steps ([choosing.md](choosing.md#the-recipe))."},
          kAny, [](auto& c) -> auto& { return c.train.resolutions; }),
      words<kPrecisions>(
          {.key = "train.precision",
           .description =
               "How activations are stored and multiplied; weights, sums and losses stay f32. "
               "`bf16` needs a CPU that multiplies it, `bf16_or_f32` "
               "takes f32 on another. `bf16_storage` stores activations and their gradients as "
               "bf16, in half the memory, and multiplies in f32, on any CPU."},
          [](auto& c) -> auto& { return c.train.precision; }),
      words<kMemoryModes>(
          {.key = "train.memory",
           .description =
               "`keep` keeps every activation for the backward pass. `recompute` computes most of "
               "them again: less memory, more time, the same bits. `accumulate` runs a batch in "
               "micro-batches and adds up their gradients; batch norm then normalises each by "
               "itself. `auto`: the first of these that keeps within `limits.memory_bytes`."},
          [](auto& c) -> auto& { return c.train.memory; }),
      field(
          {.key = "train.micro_batch_size",
           .unit = "samples",
           .description = "Samples per micro-batch where a batch is split. 0: the largest equal "
                          "parts that keep within `limits.memory_bytes`."},
          kNotNegative, [](auto& c) -> auto& { return c.train.micro_batch_size; }),
  };
}

std::vector<FieldRow> schedule_rows() {
  return {
      words<kSchedules>(
          {.key = "train.schedule",
           .description =
               "How the learning rate moves over the steps after the warm-up, which runs at "
               "`train.learning_rate`. `one_cycle` and `linear` rise to `train.peak_learning_rate` "
               "over the first fifth and fall towards 0, along a cosine or a line."},
          [](auto& c) -> auto& { return c.train.schedule.kind; }),
      field(
          {.key = "train.learning_rate", .description = "The base learning rate."}, kAboveZero,
          [](auto& c) -> auto& { return c.train.schedule.base_learning_rate; }),
      field(
          {.key = "train.peak_learning_rate",
           .description = "`one_cycle`, `linear`: the highest learning rate. 0: three times "
                          "`train.learning_rate`."},
          kNotNegative, [](auto& c) -> auto& { return c.train.schedule.peak_learning_rate; }),
      field(
          {.key = "train.label_smoothing",
           .description = "The share of each label's weight that is spread over all classes. "
                          "Scores never use it."},
          kShareBelowOne, [](auto& c) -> auto& { return c.train.label_smoothing; }),
      field(
          {.key = "train.crop_padding_pixels",
           .unit = "pixels",
           .description = "Random crops of the original size after this much zero padding on each "
                          "side. Off while scoring."},
          kNotNegative, [](auto& c) -> auto& { return c.train.augmentation.crop_padding_pixels; }),
      field(
          {.key = "train.horizontal_flip",
           .description = "Mirror images left to right. Off while scoring."},
          kAny, [](auto& c) -> auto& { return c.train.augmentation.horizontal_flip; }),
      words<kFlipOrders>(
          {.key = "train.flip_order",
           .description =
               "`horizontal_flip`: the passes that mirror an image, each with probability 1/2 "
               "(`random`) or every other one (`alternating`; "
               "[method.md](method.md#parts-of-a-short-training))."},
          [](auto& c) -> auto& { return c.train.augmentation.flip_order; }),
      field(
          {.key = "train.evaluate_every_epochs",
           .unit = "epochs",
           .description = "How often losses and accuracies are measured; after the last epoch they "
                          "always are. 0: only then."},
          kNotNegative, [](auto& c) -> auto& { return c.train.evaluate_every_epochs; }),
  };
}

std::vector<FieldRow> optimizer_rows() {
  return {
      words<kOptimizers>(
          {.key = "train.optimizer",
           .description =
               "The optimizer, as `torch.optim` defines it. `muon` moves dense convolution and "
               "linear weights, the head's apart, by matrices of singular values near 1, and all "
               "else as `adamw` ([engine.md](engine.md#muon))."},
          [](auto& c) -> auto& { return c.train.optimizer.kind; }),
      field(
          {.key = "train.momentum", .description = "`sgd`: momentum."}, kShareBelowOne,
          [](auto& c) -> auto& { return c.train.optimizer.momentum; }),
      field(
          {.key = "train.beta1",
           .description = "`adam`, `adamw`, `muon`: decay of the mean of the gradients."},
          kShareBelowOne, [](auto& c) -> auto& { return c.train.optimizer.beta1; }),
      field(
          {.key = "train.beta2",
           .description = "`adam`, `adamw`, `muon`: decay of the mean of the squared gradients."},
          kShareBelowOne, [](auto& c) -> auto& { return c.train.optimizer.beta2; }),
      field(
          {.key = "train.epsilon",
           .description = "`adam`, `adamw`, `muon`: added to the denominator."},
          kAboveZero, [](auto& c) -> auto& { return c.train.optimizer.epsilon; }),
      field(
          {.key = "train.weight_decay",
           .description =
               "`sgd`, `adam`: added to the gradient; `adamw`, `muon`: decoupled from it. Does "
               "nothing to matrices whose norm `muon` keeps."},
          kNotNegative, [](auto& c) -> auto& { return c.train.optimizer.weight_decay; }),
  };
}

std::vector<FieldRow> group_rows() {
  return {
      field(
          {.key = "train.muon_momentum", .description = "`muon`: momentum (Nesterov) of matrices."},
          kShareBelowOne, [](auto& c) -> auto& { return c.train.optimizer.muon_momentum; }),
      field(
          {.key = "train.muon_iterations",
           .unit = "iterations",
           .description = "`muon`: Newton-Schulz iterations a step."},
          kAtLeastOne, [](auto& c) -> auto& { return c.train.optimizer.muon_iterations; }),
      field(
          {.key = "train.muon_keeps_norm",
           .description =
               "`muon`: steps are relative to a matrix' norm, which stays what it was at the start "
               "or in `model.init`. `false`: `torch.optim.Muon`'s own rule."},
          kAny, [](auto& c) -> auto& { return c.train.optimizer.muon_keeps_norm; }),
      field(
          {.key = "train.muon_learning_rate_factor",
           .description = "`muon`: the learning rate of matrices, as a multiple of the rest's."},
          kNotNegative,
          [](auto& c) -> auto& { return c.train.optimizer.muon_learning_rate_factor; }),
      field(
          {.key = "train.muon_max_size",
           .unit = "rows",
           .description = "`muon`: matrices whose smaller side is larger move as by `adamw`. 0: "
                          "none."},
          kNotNegative, [](auto& c) -> auto& { return c.train.optimizer.muon_max_size; }),
      field(
          {.key = "train.head_learning_rate_factor",
           .description = "The learning rate of the linear layer that computes the logits, as a "
                          "multiple of `train.learning_rate` and its schedule, warm-up included."},
          kNotNegative,
          [](auto& c) -> auto& { return c.train.optimizer.head_learning_rate_factor; }),
      field(
          {.key = "train.norm_learning_rate_factor",
           .description = "The same of batch norms' weights and biases."},
          kNotNegative,
          [](auto& c) -> auto& { return c.train.optimizer.norm_learning_rate_factor; }),
  };
}

}  // namespace edgeprune::config
