#include "convolution_step.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

using kernels::ConstElements;
using kernels::Elements;
using kernels::ElementType;

// Zeros behind the last patch: a bfloat16 segment of odd length reads one element beyond its end.
constexpr std::size_t kBeyond = 1;

}  // namespace

ConvolutionStep::ConvolutionStep(const Operation& operation, const TensorInfo& weight,
                                 const TensorInfo* bias, Activation* in, Activation* out,
                                 ElementType products, std::uint32_t max_batch)
    : operation_(operation),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{.activation = in},
      out_(out),
      type_(products),
      max_batch_(max_batch),
      packed_forward_(type_, weight.kernel_height,
                      std::size_t{weight.kernel_width} * weight.in_channels, weight.out_channels),
      classes_(stride_classes()),
      weight_gradient_(type_, weight.kernel_height,
                       std::size_t{weight.kernel_width} * weight.in_channels, weight.out_channels) {
}

std::vector<ConvolutionStep::StrideClass> ConvolutionStep::stride_classes() const {
  const auto taps = [](std::uint32_t kernel, std::uint32_t stride, std::uint32_t rest) {
    return kernel > rest ? (kernel - rest + stride - 1) / stride : 0;
  };
  // A stride beyond the image has classes without pixels: none of those.
  const Shape& in = input_.activation->shape;
  const std::uint32_t num_rows =
      std::min(operation_.stride.height, in.height + operation_.padding.height);
  const std::uint32_t num_columns =
      std::min(operation_.stride.width, in.width + operation_.padding.width);
  std::vector<StrideClass> classes;
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (std::uint32_t column = 0; column < num_columns; ++column) {
      const std::uint32_t row_taps = taps(operation_.kernel.height, operation_.stride.height, row);
      const std::uint32_t column_taps =
          taps(operation_.kernel.width, operation_.stride.width, column);
      classes.push_back(
          {row, column, row_taps, column_taps, taps_of(row, column, row_taps, column_taps),
           PackedMatrix(type_, row_taps, std::size_t{column_taps} * weight_.out_channels,
                        weight_.in_channels)});
    }
  }
  return classes;
}

std::vector<std::size_t> ConvolutionStep::taps_of(std::uint32_t row, std::uint32_t column,
                                                  std::uint32_t row_taps,
                                                  std::uint32_t column_taps) const {
  std::vector<std::size_t> offsets;
  for (std::uint32_t r = row_taps; r-- > 0;) {
    for (std::uint32_t q = column_taps; q-- > 0;) {
      const std::size_t y = row + std::size_t{r} * operation_.stride.height;
      const std::size_t x = column + std::size_t{q} * operation_.stride.width;
      offsets.push_back((y * weight_.kernel_width + x) * weight_.in_channels *
                        weight_.out_channels);
    }
  }
  return offsets;
}

Patch ConvolutionStep::input_patch(std::uint32_t row_begin, std::uint32_t num_rows) const {
  return patch_of_windows(operation_, out_->shape, row_begin, num_rows, weight_.in_channels);
}

Patch ConvolutionStep::gradient_patch(std::uint32_t row_begin, std::uint32_t num_rows) const {
  return patch_of_reach(operation_, input_.activation->shape, row_begin, num_rows,
                        weight_.out_channels);
}

// Values of the products' type, in floats.
std::size_t ConvolutionStep::floats_of(std::size_t values) const {
  return (values * kernels::size_of(type_) + sizeof(float) - 1) / sizeof(float);
}

TilePlan ConvolutionStep::output_tiles(std::uint32_t batch) const {
  const Shape& shape = out_->shape;
  return {shape.height, shape.width, floats_of(input_patch(0, shape.height).values()), batch};
}

TilePlan ConvolutionStep::input_tiles(std::uint32_t batch) const {
  const Shape& shape = input_.activation->shape;
  return {shape.height, shape.width, floats_of(gradient_patch(0, shape.height).values()), batch};
}

std::size_t ConvolutionStep::pixels_per_tile(const TilePlan& outputs) const {
  return std::size_t{outputs.images_per_tile()} * outputs.rows_per_tile() * out_->shape.width;
}

// What a tile's input takes, with what is read behind it.
std::size_t ConvolutionStep::input_values_per_tile(const TilePlan& outputs) const {
  return outputs.images_per_tile() * input_patch(0, outputs.rows_per_tile()).values() + kBeyond;
}

// One at least, however large it is.
std::uint32_t ConvolutionStep::tiles_per_stage(const TilePlan& outputs) const {
  return static_cast<std::uint32_t>(
      std::max<std::size_t>(kStagePixels / pixels_per_tile(outputs), 1));
}

Step::Access ConvolutionStep::access() const {
  return {.num_parameters = parameters_of(weight_, has_bias_),
          .backward_reads_inputs = true,
          .one_pass_for_each_kind = true};
}

ScratchNeeds ConvolutionStep::scratch_needs() const {
  const TilePlan outputs = output_tiles(max_batch_);
  const TilePlan inputs = input_tiles(max_batch_);
  const std::size_t output_pixels = pixels_per_tile(outputs);
  const std::size_t input_pixels = std::size_t{inputs.images_per_tile()} * inputs.rows_per_tile() *
                                   input_.activation->shape.width;
  const std::size_t max_pixels = std::max(output_pixels, input_pixels);
  // The patch of a later tile may begin inside a stride and take a row more; a bfloat16 segment of
  // odd length reads one element beyond.
  Patch gradient = gradient_patch(0, inputs.rows_per_tile());
  gradient.rows += 1;
  // A stage of a smaller batch has other tiles, but never more pixels than this.
  const std::size_t stage_pixels = std::max(output_pixels, kStagePixels);
  ScratchNeeds needs = weight_gradient_.scratch_needs(output_pixels, stage_pixels);
  needs.input = input_values_per_tile(outputs);
  needs.gradient = std::max(inputs.images_per_tile() * gradient.values() + 1,
                            output_pixels * weight_gradient_.gradient_stride());
  needs.results = max_pixels * kernels::panel_columns();
  needs.rows = std::max(needs.rows + max_pixels, needs.stage_rows);
  needs.sums = weight_.out_channels;
  for (const StrideClass& stride_class : classes_) {
    needs.packed += stride_class.packed.size_floats();
  }
  needs.packed = std::max(needs.packed, packed_forward_.size_floats());
  if (weight_gradient_.is_staged()) {
    for (std::uint32_t batch = 1; batch <= max_batch_; ++batch) {
      const TilePlan tiles = output_tiles(batch);
      needs.stage_input =
          std::max(needs.stage_input, tiles_per_stage(tiles) * input_values_per_tile(tiles));
    }
    needs.stage_gradient = stage_pixels * weight_gradient_.gradient_stride();
  }
  return needs;
}

void ConvolutionStep::write_input_patch(const Tile& tile, const Patch& patch, float* input) const {
  Elements to(input, type_);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    write_values(*input_.activation, image, patch, to);
    to = to.at(patch.values());
  }
  fill_zeros(to, kBeyond);
}

void ConvolutionStep::write_gradient_patch(const Tile& tile, const Patch& patch,
                                           ThreadScratch& scratch) const {
  Elements to(scratch.gradient.data(), type_);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    write_gradient(*out_, image, patch, to);
    to = to.at(patch.values());
  }
  fill_zeros(to, kBeyond);
}

// The same gradient, a tile's pixels one after the other, as rows of the weight gradient's product.
void ConvolutionStep::write_gradient_rows(const Tile& tile, Elements to) const {
  const std::size_t channels = weight_.out_channels;
  const std::size_t stride = weight_gradient_.gradient_stride();
  const std::size_t pixels = std::size_t{tile.num_rows()} * out_->shape.width;
  if (stride != channels) fill_zeros(to, tile.num_images() * pixels * stride);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    const std::size_t at =
        image * out_->shape.num_pixels() + std::size_t{tile.row_begin} * out_->shape.width;
    kernels::transform_gradient(out_->transform(), out_->transform_gradient(),
                                {pixels, channels, channels, stride}, out_->gradient_at(at),
                                out_->at(at), to);
    to = to.at(pixels * stride);
  }
}

// Points at the corners of the windows of all the tile's output pixels and returns how many.
std::size_t ConvolutionStep::point_at_windows(const Tile& tile, const Patch& patch,
                                              const float* input, const void** pointers) const {
  std::size_t count = 0;
  ConstElements image(input, type_);
  for (std::uint32_t n = 0; n < tile.num_images(); ++n, image = image.at(patch.values())) {
    for (std::uint32_t y = 0; y < tile.num_rows(); ++y) {
      const ConstElements row = image.at(y * operation_.stride.height * patch.row_values());
      for (std::uint32_t x = 0; x < out_->shape.width; ++x) {
        pointers[count++] = row.at(std::size_t{x} * operation_.stride.width * patch.channels).data;
      }
    }
  }
  return count;
}

void ConvolutionStep::forward_tile(const Tile& tile, const StepContext& context, const Model& model,
                                   const core::Task& task) {
  ThreadScratch& scratch = context.of(task);
  const Patch patch = input_patch(tile.row_begin, tile.num_rows());
  write_input_patch(tile, patch, scratch.input.data());
  const std::size_t count =
      point_at_windows(tile, patch, scratch.input.data(), scratch.rows.data());
  const auto rows = std::span<const void* const>(scratch.rows).first(count);
  const std::size_t first =
      tile.image_begin * out_->shape.num_pixels() + std::size_t{tile.row_begin} * out_->shape.width;
  const auto bias = has_bias_
                        ? std::span(model.parameters).subspan(bias_offset_, weight_.out_channels)
                        : std::span<const float>();
  const kernels::OutputTarget target = output_target(*out_, bias, context, task.index);
  kernels::ReadAhead nothing;
  packed_forward_.multiply(
      {rows, patch.row_values()}, scratch.results.data(), nothing,
      [&](const kernels::ResultPanel& panel) { finish_output(panel, target, first); });
  if (target.moments != nullptr) target.moments->count += static_cast<double>(rows.size());
}

void ConvolutionStep::forward(const StepContext& context, const Model& model) {
  packed_forward_.pack(
      {.data = model.parameters.data() + weight_.offset, .row_stride = weight_.out_channels},
      context.pool, context.shared.packed.data());
  const TilePlan tiles = output_tiles(context.batch);
  context.pool.for_tasks(tiles.cut(), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      forward_tile(tiles.tile(static_cast<std::uint32_t>(i)), context, model, task);
    }
    kernels::finish_streams();
  });
}

void ConvolutionStep::weight_gradient_tile(const Tile& tile, bool is_first,
                                           const StepContext& context,
                                           const core::Task& task) const {
  ThreadScratch& scratch = context.of(task);
  const Patch patch = input_patch(tile.row_begin, tile.num_rows());
  write_input_patch(tile, patch, scratch.input.data());
  write_gradient_rows(tile, Elements(scratch.gradient.data(), type_));
  const std::size_t count =
      point_at_windows(tile, patch, scratch.input.data(), scratch.rows.data());
  kernels::ReadAhead nothing;
  weight_gradient_.add_tile({std::span(scratch.rows).first(count), patch.row_values()}, task.index,
                            is_first, context, scratch, nothing);
  if (!has_bias_) return;
  kernels::accumulate_sums(ConstElements(scratch.gradient.data(), type_), count,
                           weight_gradient_.gradient_stride(),
                           std::span(context.shared.sums[task.index]).first(weight_.out_channels));
}

// Returns how many parts there are.
std::size_t ConvolutionStep::weight_gradient_in_parts(const StepContext& context) const {
  const TilePlan tiles = output_tiles(context.batch);
  const core::TaskCut cut = tiles.cut(weight_gradient_.max_parts());
  reset_sums(context, cut.num_tasks, weight_.out_channels);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      weight_gradient_tile(tiles.tile(static_cast<std::uint32_t>(i)), i == task.begin, context,
                           task);
    }
  });
  return cut.num_tasks;
}

// Among the batch's output pixels: tiles follow each other.
std::size_t ConvolutionStep::first_pixel(const Tile& tile) const {
  return tile.image_begin * out_->shape.num_pixels() +
         std::size_t{tile.row_begin} * out_->shape.width;
}

// A tile has its place in the stage, whichever task writes it; its bias sums are the task's.
void ConvolutionStep::write_stage_tile(const Tile& tile, float* input, std::size_t pixel,
                                       const StepContext& context, const core::Task& task) const {
  SharedScratch& shared = context.shared;
  const std::size_t stride = weight_gradient_.gradient_stride();
  const Patch patch = input_patch(tile.row_begin, tile.num_rows());
  write_input_patch(tile, patch, input);
  const std::size_t count = point_at_windows(tile, patch, input, shared.stage_rows.data() + pixel);
  const Elements gradient = Elements(shared.stage_gradient.data(), type_).at(pixel * stride);
  write_gradient_rows(tile, gradient);
  if (!has_bias_) return;
  kernels::accumulate_sums(gradient, count, stride,
                           std::span(shared.sums[task.index]).first(weight_.out_channels));
}

// Returns how many tasks have added up biases' gradients.
std::size_t ConvolutionStep::weight_gradient_in_stages(const StepContext& context) const {
  const TilePlan tiles = output_tiles(context.batch);
  const std::uint32_t per_stage = tiles_per_stage(tiles);
  const std::size_t row_stride = input_patch(0, 1).row_values();
  const std::size_t num_tasks = core::cut_into_tasks(per_stage).num_tasks;
  reset_sums(context, num_tasks, weight_.out_channels);
  for (std::uint32_t first = 0; first < tiles.num_tiles(); first += per_stage) {
    const std::uint32_t count = std::min(per_stage, tiles.num_tiles() - first);
    const std::size_t begin = first_pixel(tiles.tile(first));
    context.pool.for_tasks(core::cut_into_tasks(count), [&](const core::Task& task) {
      for (std::size_t i = task.begin; i < task.end; ++i) {
        const Tile tile = tiles.tile(first + static_cast<std::uint32_t>(i));
        write_stage_tile(tile, context.shared.stage_input.data() + i * input_values_per_tile(tiles),
                         first_pixel(tile) - begin, context, task);
      }
    });
    const Tile last = tiles.tile(first + count - 1);
    const std::size_t num_pixels =
        first_pixel(last) - begin +
        std::size_t{last.num_images()} * last.num_rows() * out_->shape.width;
    weight_gradient_.add_stage(context, num_pixels, row_stride, first == 0);
  }
  return num_tasks;
}

void ConvolutionStep::weight_gradient(const StepContext& context, std::span<float> gradients) {
  const std::size_t num_tasks = weight_gradient_.is_staged() ? weight_gradient_in_stages(context)
                                                             : weight_gradient_in_parts(context);
  weight_gradient_.collect(context, num_tasks, gradients.subspan(weight_.offset, weight_.size));
  if (has_bias_) {
    collect_sums(context, num_tasks, gradients.subspan(bias_offset_, weight_.out_channels));
  }
}

// The gradient of one class of a tile's pixels. With u = (y + padding - row) / stride, input row y
// meets output rows u - row_taps + 1 .. u, and likewise for columns.
void ConvolutionStep::class_gradient(const StrideClass& stride_class, const Tile& tile,
                                     const Patch& patch, ThreadScratch& scratch,
                                     const kernels::GradientTarget& target) const {
  const Shape& shape = input_.activation->shape;
  const Extent& stride = operation_.stride;
  const auto first_of = [](std::uint32_t begin, std::uint32_t padding, std::uint32_t step,
                           std::uint32_t rest) {
    return begin + (rest + step - (begin + padding) % step) % step;
  };
  const std::uint32_t x0 = first_of(0, operation_.padding.width, stride.width, stride_class.column);
  const std::uint32_t y0 =
      first_of(tile.row_begin, operation_.padding.height, stride.height, stride_class.row);
  std::size_t count = 0;
  std::size_t per_row = 0;
  ConstElements image(scratch.gradient.data(), type_);
  for (std::uint32_t n = 0; n < tile.num_images(); ++n, image = image.at(patch.values())) {
    for (std::uint32_t y = y0; y < tile.row_end; y += stride.height) {
      const std::int64_t u =
          (std::int64_t{y} + operation_.padding.height - stride_class.row) / stride.height;
      const auto row = static_cast<std::size_t>(u - stride_class.row_taps + 1 - patch.first_row);
      const std::size_t before = count;
      for (std::uint32_t x = x0; x < shape.width; x += stride.width) {
        const std::int64_t v =
            (std::int64_t{x} + operation_.padding.width - stride_class.column) / stride.width;
        const auto column =
            static_cast<std::size_t>(v - stride_class.column_taps + 1 - patch.first_column);
        scratch.rows[count++] = image.at(row * patch.row_values() + column * patch.channels).data;
      }
      per_row = count - before;
    }
  }
  if (count == 0) return;
  const auto finish = [&](const kernels::ResultPanel& panel) {
    const std::size_t first_image = tile.image_begin * shape.num_pixels();
    if (stride == Extent(1)) {
      return kernels::finish_gradient(panel, target, first_image + std::size_t{y0} * shape.width,
                                      1);
    }
    kernels::ResultPanel line = panel;
    line.num_rows = per_row;
    for (std::uint32_t n = 0; n < tile.num_images(); ++n) {
      for (std::uint32_t y = y0; y < tile.row_end; y += stride.height) {
        const std::size_t pixel =
            first_image + n * shape.num_pixels() + std::size_t{y} * shape.width + x0;
        kernels::finish_gradient(line, target, pixel, stride.width);
        line.results += per_row * kernels::padded_columns(panel.num_channels);
      }
    }
  };
  kernels::ReadAhead nothing;
  stride_class.packed.multiply({std::span(scratch.rows).first(count), patch.row_values()},
                               scratch.results.data(), nothing, finish);
}

void ConvolutionStep::data_gradient_tile(const Tile& tile, const StepContext& context,
                                         const core::Task& task) {
  ThreadScratch& scratch = context.of(task);
  const Patch patch = gradient_patch(tile.row_begin, tile.num_rows());
  write_gradient_patch(tile, patch, scratch);
  const kernels::GradientTarget target = input_.target(task.index);
  for (const StrideClass& stride_class : classes_) {
    class_gradient(stride_class, tile, patch, scratch, target);
  }
}

void ConvolutionStep::data_gradient(const StepContext& context, const Model& model) {
  float* memory = context.shared.packed.data();
  for (StrideClass& stride_class : classes_) {
    stride_class.packed.pack({.data = model.parameters.data() + weight_.offset,
                              .row_stride = 1,
                              .column_stride = weight_.out_channels,
                              .block_rows = weight_.out_channels,
                              .blocks = stride_class.taps},
                             context.pool, memory);
    memory += stride_class.packed.size_floats();
  }
  const TilePlan tiles = input_tiles(context.batch);
  input_.expect_tasks(tiles.cut().num_tasks);
  context.pool.for_tasks(tiles.cut(), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      data_gradient_tile(tiles.tile(static_cast<std::uint32_t>(i)), context, task);
    }
    kernels::finish_streams();
  });
}

void ConvolutionStep::backward(const StepContext& context, const Model& model,
                               std::span<float> gradients) {
  weight_gradient(context, gradients);
  if (input_.activation->wants_gradient) data_gradient(context, model);
}

}  // namespace edgeprune::nn
