#include "packed_matrix.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

template <typename T>
kernels::GatheredRows<T> gathered(std::span<const void* const> rows) {
  // Pointers to void and to T have one representation; the rows point at Ts.
  return {.rows = reinterpret_cast<const T* const*>(rows.data()), .num_rows = rows.size()};
}

}  // namespace

PackedMatrix::PackedMatrix(kernels::ElementType type, std::size_t num_segments,
                           std::size_t segment_length, std::size_t columns)
    : type_(type),
      num_segments_(num_segments),
      segment_length_(segment_length),
      columns_(columns),
      panel_size_(kernels::packed_panel_size(type, num_segments, segment_length,
                                             std::min(columns, kernels::panel_columns()))) {}

// In whole cache lines, so that matrices may follow each other.
std::size_t PackedMatrix::size_floats() const {
  constexpr std::size_t kLine = 64;
  const std::size_t bytes = num_panels() * panel_size_ * kernels::size_of(type_);
  return (bytes + kLine - 1) / kLine * (kLine / sizeof(float));
}

std::size_t PackedMatrix::num_panels() const {
  return (columns_ + kernels::panel_columns() - 1) / kernels::panel_columns();
}

std::size_t PackedMatrix::columns_of(std::size_t panel) const {
  return std::min(kernels::panel_columns(), columns_ - panel * kernels::panel_columns());
}

void PackedMatrix::pack(const kernels::StridedMatrix& b, core::ThreadPool& pool, float* memory) {
  packed_ = memory;
  if (num_rows() == 0) return;
  // A panel that is packed on another thread takes longer to hand over than to pack.
  constexpr std::size_t kGrainBytes = 16384;
  const std::size_t grain = kGrainBytes / (panel_size_ * kernels::size_of(type_)) + 1;
  pool.for_tasks(core::cut_into_tasks(num_panels(), grain), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      kernels::StridedMatrix columns = b;
      columns.data += i * kernels::panel_columns() * b.column_stride;
      kernels::pack_panel(columns, num_segments_, segment_length_, columns_of(i),
                          kernels::Elements(packed_, type_).at(i * panel_size_));
    }
  });
}

void PackedMatrix::multiply_panel(std::size_t panel, const Rows& rows, float* results,
                                  kernels::ReadAhead& ahead) const {
  if (num_rows() == 0) {
    std::fill_n(results, rows.rows.size() * kernels::padded_columns(columns_of(panel)), 0.0f);
    return;
  }
  const auto run = [&]<typename T>(kernels::GatheredRows<T> a) {
    a.num_segments = num_segments_;
    a.segment_length = segment_length_;
    a.segment_stride = rows.segment_stride;
    const kernels::ConstElements packed =
        kernels::ConstElements(packed_, type_).at(panel * panel_size_);
    kernels::product_panel(a, static_cast<const T*>(packed.data), columns_of(panel), results,
                           ahead);
  };
  if (type_ == kernels::ElementType::f32) {
    run(gathered<float>(rows.rows));
  } else {
    run(gathered<kernels::BFloat16>(rows.rows));
  }
}

}  // namespace edgeprune::nn
