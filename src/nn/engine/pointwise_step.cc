#include "pointwise_step.h"

#include "patch.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

// A tile's input, gradient and results stay in a core's second cache; multiples of the products'
// register tile leave no rest.
std::size_t pixels_per_tile(std::size_t channels_in, std::size_t channels_out) {
  constexpr std::size_t kTileFloats = std::size_t{1} << 15;
  constexpr std::size_t kRegisterRows = 48;
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
                             kernels::ElementType products)
    : name_(operation.name),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{.activation = in},
      out_(out),
      type_(products),
      tile_pixels_(pixels_per_tile(weight.in_channels, weight.out_channels)),
      packed_forward_(type_, 1, weight.in_channels, weight.out_channels),
      packed_backward_(type_, 1, weight.out_channels, weight.in_channels),
      weight_gradient_(type_, 1, weight.in_channels, weight.out_channels) {}

Step::Access PointwiseStep::access() const {
  return {.num_parameters = parameters_of(weight_, has_bias_), .backward_reads_inputs = true};
}

ScratchNeeds PointwiseStep::scratch_needs() const {
  ScratchNeeds needs = weight_gradient_.scratch_needs(tile_pixels_);
  needs.input = tile_pixels_ * weight_.in_channels + 1;
  needs.gradient = tile_pixels_ * weight_gradient_.gradient_stride() + 1;
  needs.results = tile_pixels_ * kernels::panel_columns();
  needs.rows += tile_pixels_;
  needs.sums = weight_.out_channels;
  needs.packed = std::max(packed_forward_.size_floats(), packed_backward_.size_floats());
  return needs;
}

template <typename Body>
void PointwiseStep::for_tiles(const StepContext& context, Body&& body) const {
  const std::size_t pixels = context.batch * out_->shape.num_pixels();
  context.pool.for_ranges(pixels, [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t p = begin; p < end; p += tile_pixels_) {
      const std::size_t tile_end = std::min(p + tile_pixels_, end);
      body(Tile{p, tile_end, std::min(tile_pixels_, end - tile_end)}, thread);
    }
    kernels::finish_streams();
  });
}

std::span<const void* const> PointwiseStep::input_rows(const Tile& tile,
                                                       ThreadScratch& scratch) const {
  const Activation& in = *input_.activation;
  const std::size_t channels = weight_.in_channels;
  kernels::ConstElements rows = in.at(tile.begin);
  // A bfloat16 row of odd length reads one element beyond its end, which must be finite.
  const bool reads_beyond = type_ == kernels::ElementType::bf16 && channels % 2 != 0;
  if (!in.transform().is_identity() || in.type != type_ || reads_beyond) {
    const kernels::Elements buffer(scratch.input.data(), type_);
    fill_zeros(buffer.at(tile.size() * channels), 1);
    kernels::apply_transform(in.transform(), {tile.size(), channels, channels, channels}, rows,
                             buffer);
    rows = buffer;
  }
  for (std::size_t p = 0; p < tile.size(); ++p) scratch.rows[p] = rows.at(p * channels).data;
  return std::span(scratch.rows).first(tile.size());
}

// What the tile after this one will read or write of an activation.
void PointwiseStep::fetch_next(const Activation& activation, const Tile& tile, Tensor tensor,
                               kernels::ReadAhead& ahead) {
  const kernels::ConstElements next =
      tensor == Tensor::values ? activation.at(tile.end) : activation.gradient_at(tile.end);
  ahead.add(next.data, tile.next * activation.shape.channels * kernels::size_of(next.type));
}

void PointwiseStep::forward_tile(const Tile& tile, const StepContext& context, const Model& model,
                                 int thread) {
  ThreadScratch& scratch = context.of(thread);
  const auto rows = input_rows(tile, scratch);
  const auto bias = has_bias_
                        ? std::span(model.parameters).subspan(bias_offset_, weight_.out_channels)
                        : std::span<const float>();
  kernels::ReadAhead ahead;
  fetch_next(*input_.activation, tile, Tensor::values, ahead);
  if (!out_->stream) fetch_next(*out_, tile, Tensor::values, ahead);
  const kernels::OutputTarget target = output_target(*out_, bias, context, thread);
  packed_forward_.multiply(
      {rows}, scratch.results.data(), ahead,
      [&](const kernels::ResultPanel& panel) { finish_output(panel, target, tile.begin); });
  if (target.moments != nullptr) target.moments->count += static_cast<double>(tile.size());
}

void PointwiseStep::forward(const StepContext& context, const Model& model) {
  packed_forward_.pack(
      {.data = model.parameters.data() + weight_.offset, .row_stride = weight_.out_channels},
      context.pool, context.packed);
  for_tiles(context,
            [&](const Tile& tile, int thread) { forward_tile(tile, context, model, thread); });
}

void PointwiseStep::backward_tile(const Tile& tile, ThreadScratch& scratch, int thread) {
  const auto rows = input_rows(tile, scratch);
  const std::size_t stride = weight_gradient_.gradient_stride();
  const kernels::Elements dy(scratch.gradient.data(), type_);
  if (stride != weight_.out_channels) {
    std::fill_n(scratch.gradient.data(), tile.size() * stride, 0.0f);
  }
  kernels::transform_gradient(out_->transform(), out_->transform_gradient(),
                              {tile.size(), weight_.out_channels, weight_.out_channels, stride},
                              out_->gradient_at(tile.begin), out_->at(tile.begin), dy);
  fill_zeros(dy.at(tile.size() * stride), 1);
  kernels::ReadAhead ahead;
  fetch_next(*out_, tile, Tensor::gradient, ahead);
  fetch_next(*out_, tile, Tensor::values, ahead);
  fetch_next(*input_.activation, tile, Tensor::values, ahead);
  const kernels::GradientTarget target = input_.target(thread);
  if (input_.activation->wants_gradient && !target.stream) {
    fetch_next(*input_.activation, tile, Tensor::gradient, ahead);
  }
  weight_gradient_.add_tile({rows}, scratch, ahead);
  if (has_bias_) {
    kernels::accumulate_sums(dy, tile.size(), stride,
                             std::span(scratch.sums).first(weight_.out_channels));
  }
  if (!input_.activation->wants_gradient) return;
  for (std::size_t p = 0; p < tile.size(); ++p) scratch.rows[p] = dy.at(p * stride).data;
  packed_backward_.multiply(
      {rows}, scratch.results.data(), ahead,
      [&](const kernels::ResultPanel& panel) { finish_gradient(panel, target, tile.begin, 1); });
}

void PointwiseStep::backward(const StepContext& context, const Model& model,
                             std::span<float> gradients) {
  if (input_.activation->wants_gradient) {
    packed_backward_.pack({.data = model.parameters.data() + weight_.offset,
                           .row_stride = 1,
                           .column_stride = weight_.out_channels},
                          context.pool, context.packed);
  }
  weight_gradient_.reset(context);
  reset_sums(context, weight_.out_channels);
  for_tiles(context,
            [&](const Tile& tile, int thread) { backward_tile(tile, context.of(thread), thread); });
  weight_gradient_.collect(context, gradients.subspan(weight_.offset, weight_.size));
  if (has_bias_) collect_sums(context, gradients.subspan(bias_offset_, weight_.out_channels));
}

}  // namespace edgeprune::nn
