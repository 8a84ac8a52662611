#include "pointwise_step.h"

#include "patch.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

// Multiples of the products' register tile leave no rest; and fewer are not worth a task.
constexpr std::size_t kRegisterRows = 48;

// What takes a few microseconds is one task.
constexpr std::size_t kProductsPerTask = std::size_t{1} << 17;

// A tile's input, gradient and results stay in a core's second cache.
std::size_t pixels_per_tile(std::size_t channels_in, std::size_t channels_out) {
  constexpr std::size_t kTileFloats = std::size_t{1} << 15;
  const std::size_t fits = kTileFloats / (channels_in + channels_out);
  return std::clamp<std::size_t>(fits / kRegisterRows * kRegisterRows, kRegisterRows,
                                 8 * kRegisterRows);
}

}  // namespace

bool PointwiseStep::handles(const Operation& operation, const Shape& input) {
  if (operation.kind != OperationKind::convolution) return false;
  if (operation.is_linear) return input.num_pixels() == 1;
  return operation.kernel == Extent(1) && operation.stride == Extent(1);
}

PointwiseStep::PointwiseStep(const Operation& operation, const TensorInfo& weight,
                             const TensorInfo* bias, Activation* in, Activation* out,
                             kernels::ElementType products, std::uint32_t max_batch)
    : name_(operation.name),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{.activation = in},
      out_(out),
      type_(products),
      max_batch_(max_batch),
      tile_pixels_(pixels_per_tile(weight.in_channels, weight.out_channels)),
      packed_forward_(type_, 1, weight.in_channels, weight.out_channels),
      packed_backward_(type_, 1, weight.out_channels, weight.in_channels),
      weight_gradient_(type_, 1, weight.in_channels, weight.out_channels) {}

Step::Access PointwiseStep::access() const {
  return {.num_parameters = parameters_of(weight_, has_bias_), .backward_reads_inputs = true};
}

ScratchNeeds PointwiseStep::scratch_needs() const {
  ScratchNeeds needs = weight_gradient_.scratch_needs(tile_pixels_, kStagePixels);
  needs.input = tile_pixels_ * weight_.in_channels + 1;
  needs.gradient = tile_pixels_ * weight_gradient_.gradient_stride() + 1;
  needs.results = tile_pixels_ * kernels::panel_columns();
  needs.rows = std::max(needs.rows + tile_pixels_, needs.stage_rows);
  needs.sums = weight_.out_channels;
  needs.packed = std::max(packed_forward_.size_floats(), packed_backward_.size_floats());
  const std::size_t stage_pixels = std::min(max_batch_ * out_->shape.num_pixels(), kStagePixels);
  needs.stage_input = stage_pixels * weight_.in_channels + 1;
  needs.stage_rows = stage_pixels;
  if (weight_gradient_.is_staged()) {
    needs.stage_gradient = stage_pixels * weight_gradient_.gradient_stride() + 1;
  }
  return needs;
}

std::size_t PointwiseStep::num_pixels(const StepContext& context) const {
  return context.batch * out_->shape.num_pixels();
}

// The tiles of a task. Behind its last comes the first of the next task, which the thread most
// often does too.
template <typename Body>
void PointwiseStep::for_tiles(const core::Task& task, std::size_t pixels, Body&& body) const {
  for (std::size_t p = task.begin; p < task.end; p += tile_pixels_) {
    const std::size_t tile_end = std::min(p + tile_pixels_, task.end);
    body(Tile{p, tile_end, std::min(tile_pixels_, pixels - tile_end)});
  }
  kernels::finish_streams();
}

// Panels are shared before tiles are made smaller: a panel of weights is then read less often.
PointwiseStep::SharedTiles PointwiseStep::share_tiles(std::size_t pixels,
                                                      const PackedMatrix& packed) const {
  const std::size_t products = pixels * weight_.in_channels * weight_.out_channels;
  const std::size_t tasks =
      std::clamp<std::size_t>(products / kProductsPerTask, 1, core::kMaxTasks);
  SharedTiles shared{.pixels = pixels, .num_tiles = (pixels + tile_pixels_ - 1) / tile_pixels_};
  shared.groups = std::clamp<std::size_t>(tasks / shared.num_tiles, 1, packed.num_panels());
  const std::size_t most = std::min(tasks / shared.groups, pixels / kRegisterRows);
  shared.num_tiles = std::max(shared.num_tiles, most);
  return shared;
}

template <typename Body>
void PointwiseStep::for_shared_tiles(const StepContext& context, const SharedTiles& shared,
                                     const PackedMatrix& packed, Body&& body) {
  const core::TaskCut tiles{shared.pixels, shared.num_tiles};
  const core::TaskCut panels{packed.num_panels(), shared.groups};
  const std::size_t count = shared.num_tiles * shared.groups;
  context.pool.for_tasks({count, count}, [&](const core::Task& task) {
    const std::size_t index = task.index / shared.groups;
    const core::Task tile = tiles.task(index);
    const core::Task group = panels.task(task.index % shared.groups);
    body(Tile{tile.begin, tile.end, 0}, Panels{group.begin, group.end}, index, context.of(task));
    kernels::finish_streams();
  });
}

void PointwiseStep::point_at_inputs(const Tile& tile, float* buffer, const void** pointers) const {
  const Activation& in = *input_.activation;
  const std::size_t channels = weight_.in_channels;
  kernels::ConstElements rows = in.at(tile.begin);
  // A bfloat16 row of odd length reads one element beyond its end, which must be finite.
  const bool reads_beyond = type_ == kernels::ElementType::bf16 && channels % 2 != 0;
  if (!in.transform().is_identity() || in.type != type_ || reads_beyond) {
    const kernels::Elements written(buffer, type_);
    kernels::apply_transform(in.transform(), {tile.size(), channels, channels, channels}, rows,
                             written);
    rows = written;
  }
  for (std::size_t p = 0; p < tile.size(); ++p) pointers[p] = rows.at(p * channels).data;
}

std::span<const void* const> PointwiseStep::input_rows(const Tile& tile,
                                                       ThreadScratch& scratch) const {
  point_at_inputs(tile, scratch.input.data(), scratch.rows.data());
  fill_zeros(kernels::Elements(scratch.input.data(), type_).at(tile.size() * weight_.in_channels),
             1);
  return std::span(scratch.rows).first(tile.size());
}

// What the tile after this one will read or write of an activation.
void PointwiseStep::fetch_next(const Activation& activation, const Tile& tile, Tensor tensor,
                               kernels::ReadAhead& ahead) {
  const kernels::ConstElements next =
      tensor == Tensor::values ? activation.at(tile.end) : activation.gradient_at(tile.end);
  ahead.add(next.data, tile.next * activation.shape.channels * kernels::size_of(next.type));
}

void PointwiseStep::forward_tile(const Tile& tile, const kernels::OutputTarget& target,
                                 ThreadScratch& scratch) const {
  const auto rows = input_rows(tile, scratch);
  kernels::ReadAhead ahead;
  fetch_next(*input_.activation, tile, Tensor::values, ahead);
  if (!out_->stream) fetch_next(*out_, tile, Tensor::values, ahead);
  packed_forward_.multiply(
      {rows}, scratch.results.data(), ahead,
      [&](const kernels::ResultPanel& panel) { finish_output(panel, target, tile.begin); });
}

// The inputs of few pixels, for tasks that share them.
void PointwiseStep::stage_inputs(const Tile& stage, const StepContext& context) const {
  const core::TaskCut cut =
      core::cut_into_tasks(stage.size(), kValuesPerTask / weight_.in_channels + 1);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    stage_inputs_of({stage.begin + task.begin, stage.begin + task.end, 0}, task.begin, context);
  });
  // Behind the last row of bfloat16, which reads one element more where its length is odd.
  fill_zeros(kernels::Elements(context.shared.stage_input.data(), type_)
                 .at(stage.size() * weight_.in_channels),
             1);
}

// Those of a tile, which begins at pixel `at` of the stage.
void PointwiseStep::stage_inputs_of(const Tile& tile, std::size_t at,
                                    const StepContext& context) const {
  const kernels::Elements to(context.shared.stage_input.data(), type_);
  point_at_inputs(tile, static_cast<float*>(to.at(at * weight_.in_channels).data),
                  context.shared.stage_rows.data() + at);
}

core::TaskCut PointwiseStep::cut_pixels(std::size_t pixels, std::size_t most) const {
  const std::size_t worth = kProductsPerTask / (weight_.in_channels * weight_.out_channels);
  return core::cut_into_tasks(pixels, std::max(kRegisterRows, worth), most);
}

void PointwiseStep::forward(const StepContext& context, const Model& model) {
  packed_forward_.pack(
      {.data = model.parameters.data() + weight_.offset, .row_stride = weight_.out_channels},
      context.pool, context.shared.packed.data());
  const std::size_t pixels = num_pixels(context);
  const auto bias = has_bias_
                        ? std::span(model.parameters).subspan(bias_offset_, weight_.out_channels)
                        : std::span<const float>();
  const auto target_of = [&](std::size_t task) {
    return output_target(*out_, bias, context, task);
  };
  const auto count = [&](std::size_t task, std::size_t counted) {
    const kernels::OutputTarget target = target_of(task);
    if (target.moments != nullptr) target.moments->count += static_cast<double>(counted);
  };
  if (pixels > kStagePixels) {
    context.pool.for_tasks(cut_pixels(pixels), [&](const core::Task& task) {
      for_tiles(task, pixels, [&](const Tile& tile) {
        forward_tile(tile, target_of(task.index), context.of(task));
        count(task.index, tile.size());
      });
    });
    return;
  }
  stage_inputs({0, pixels, 0}, context);
  const SharedTiles shared = share_tiles(pixels, packed_forward_);
  for_shared_tiles(
      context, shared, packed_forward_,
      [&](const Tile& tile, const Panels& panels, std::size_t index, ThreadScratch& scratch) {
        const auto rows = std::span<const void* const>(context.shared.stage_rows)
                              .subspan(tile.begin, tile.size());
        const kernels::OutputTarget target = target_of(index);
        kernels::ReadAhead nothing;
        packed_forward_.multiply_panels(
            panels.first, panels.end, {rows}, scratch.results.data(), nothing,
            [&](const kernels::ResultPanel& panel) { finish_output(panel, target, tile.begin); });
      });
  // Until all its panels are written, a tile has no count: each takes its first pixel as the pivot.
  const core::TaskCut tiles{pixels, shared.num_tiles};
  for (std::size_t t = 0; t < shared.num_tiles; ++t) {
    count(t, tiles.task(t).end - tiles.task(t).begin);
  }
}

// The gradient with respect to what the product left, zeros behind the channels of a pixel.
void PointwiseStep::write_output_gradient(const Tile& tile, float* to) const {
  const std::size_t stride = weight_gradient_.gradient_stride();
  const kernels::Elements dy(to, type_);
  if (stride != weight_.out_channels) std::fill_n(to, tile.size() * stride, 0.0f);
  kernels::transform_gradient(out_->transform(), out_->transform_gradient(),
                              {tile.size(), weight_.out_channels, weight_.out_channels, stride},
                              out_->gradient_at(tile.begin), out_->at(tile.begin), dy);
}

// --- backward, in parts ---

void PointwiseStep::backward_tile(const Tile& tile, bool is_first, const StepContext& context,
                                  const core::Task& task) const {
  ThreadScratch& scratch = context.of(task);
  const auto rows = input_rows(tile, scratch);
  const std::size_t stride = weight_gradient_.gradient_stride();
  const kernels::Elements dy(scratch.gradient.data(), type_);
  write_output_gradient(tile, scratch.gradient.data());
  fill_zeros(dy.at(tile.size() * stride), 1);
  kernels::ReadAhead ahead;
  fetch_next(*out_, tile, Tensor::gradient, ahead);
  fetch_next(*out_, tile, Tensor::values, ahead);
  fetch_next(*input_.activation, tile, Tensor::values, ahead);
  const kernels::GradientTarget target = input_.target(task.index);
  if (input_.activation->wants_gradient && !target.stream) {
    fetch_next(*input_.activation, tile, Tensor::gradient, ahead);
  }
  weight_gradient_.add_tile({rows}, task.index, is_first, context, scratch, ahead);
  if (has_bias_) {
    kernels::accumulate_sums(
        dy, tile.size(), stride,
        std::span(context.shared.sums[task.index]).first(weight_.out_channels));
  }
  if (!input_.activation->wants_gradient) return;
  for (std::size_t p = 0; p < tile.size(); ++p) scratch.rows[p] = dy.at(p * stride).data;
  packed_backward_.multiply(
      {rows}, scratch.results.data(), ahead,
      [&](const kernels::ResultPanel& panel) { finish_gradient(panel, target, tile.begin, 1); });
}

// Returns how many parts there are.
std::size_t PointwiseStep::backward_in_parts(const StepContext& context) const {
  const core::TaskCut cut = cut_pixels(num_pixels(context), weight_gradient_.max_parts());
  input_.expect_tasks(cut.num_tasks);
  reset_sums(context, cut.num_tasks, weight_.out_channels);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    for_tiles(task, cut.count, [&](const Tile& tile) {
      backward_tile(tile, tile.begin == task.begin, context, task);
    });
  });
  return cut.num_tasks;
}

// --- backward, in stages ---

// The stage's pixels are cut into num_tasks tasks, which add up their biases' gradients.
void PointwiseStep::write_stage(const Tile& stage, const StepContext& context,
                                std::size_t num_tasks) const {
  SharedScratch& shared = context.shared;
  const std::size_t stride = weight_gradient_.gradient_stride();
  const std::size_t tasks = std::min(num_tasks, stage.size());
  context.pool.for_tasks({stage.size(), tasks}, [&](const core::Task& task) {
    const Tile tile{stage.begin + task.begin, stage.begin + task.end, 0};
    const kernels::Elements dy =
        kernels::Elements(shared.stage_gradient.data(), type_).at(task.begin * stride);
    write_output_gradient(tile, static_cast<float*>(dy.data));
    stage_inputs_of(tile, task.begin, context);
    if (!has_bias_) return;
    kernels::accumulate_sums(dy, tile.size(), stride,
                             std::span(shared.sums[task.index]).first(weight_.out_channels));
  });
  fill_zeros(kernels::Elements(shared.stage_gradient.data(), type_).at(stage.size() * stride), 1);
}

void PointwiseStep::data_gradient(const Tile& stage, const StepContext& context) const {
  const std::size_t stride = weight_gradient_.gradient_stride();
  const kernels::ConstElements dy(context.shared.stage_gradient.data(), type_);
  for_shared_tiles(
      context, share_tiles(stage.size(), packed_backward_), packed_backward_,
      [&](const Tile& tile, const Panels& panels, std::size_t index, ThreadScratch& scratch) {
        for (std::size_t p = 0; p < tile.size(); ++p) {
          scratch.rows[p] = dy.at((tile.begin + p) * stride).data;
        }
        const kernels::GradientTarget target = input_.target(index);
        kernels::ReadAhead nothing;
        packed_backward_.multiply_panels(
            panels.first, panels.end, {std::span(scratch.rows).first(tile.size())},
            scratch.results.data(), nothing, [&](const kernels::ResultPanel& panel) {
              finish_gradient(panel, target, stage.begin + tile.begin, 1);
            });
      });
}

// Returns how many tasks have added up biases' gradients.
std::size_t PointwiseStep::backward_in_stages(const StepContext& context) const {
  const std::size_t grain = kValuesPerTask / (weight_.in_channels + weight_.out_channels) + 1;
  const std::size_t pixels = num_pixels(context);
  const std::size_t num_tasks =
      core::cut_into_tasks(std::min(pixels, kStagePixels), grain).num_tasks;
  reset_sums(context, num_tasks, weight_.out_channels);
  input_.expect_tasks(share_tiles(std::min(pixels, kStagePixels), packed_backward_).num_tiles);
  for (std::size_t p = 0; p < pixels; p += kStagePixels) {
    const Tile stage{p, std::min(p + kStagePixels, pixels), 0};
    write_stage(stage, context, num_tasks);
    weight_gradient_.add_stage(context, stage.size(), 0, p == 0);
    if (input_.activation->wants_gradient) data_gradient(stage, context);
  }
  return num_tasks;
}

void PointwiseStep::backward(const StepContext& context, const Model& model,
                             std::span<float> gradients) {
  if (input_.activation->wants_gradient) {
    packed_backward_.pack({.data = model.parameters.data() + weight_.offset,
                           .row_stride = 1,
                           .column_stride = weight_.out_channels},
                          context.pool, context.shared.packed.data());
  }
  const std::size_t num_tasks =
      weight_gradient_.is_staged() ? backward_in_stages(context) : backward_in_parts(context);
  weight_gradient_.collect(context, num_tasks, gradients.subspan(weight_.offset, weight_.size));
  if (has_bias_) {
    collect_sums(context, num_tasks, gradients.subspan(bias_offset_, weight_.out_channels));
  }
}

}  // namespace edgeprune::nn
