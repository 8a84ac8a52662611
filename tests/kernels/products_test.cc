#include "edgeprune/kernels/products.h"

#include "edgeprune/core/aligned_buffer.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::kOddSizes;
using testing::on_every_target;
using testing::Values;

struct Sizes {
  std::size_t rows = 0;
  std::size_t depth = 0;
  std::size_t columns = 0;
};

void PrintTo(const Sizes& sizes, std::ostream* out) {
  *out << sizes.rows << " x " << sizes.depth << " x " << sizes.columns;
}

// A left operand whose rows begin anywhere in one pool of floats and whose offsets jump about, as
// the windows of a convolution do.
struct LeftOperand {
  std::vector<float> pool;
  std::vector<const float*> rows;
  std::vector<std::int32_t> offsets;

  LeftOperand(std::size_t num_rows, std::size_t depth, std::vector<float> values, Values& draws)
      : pool(std::move(values)) {
    const auto half = static_cast<std::uint32_t>(pool.size() / 2);
    for (std::size_t r = 0; r < num_rows; ++r) rows.push_back(pool.data() + draws.below(half));
    for (std::size_t k = 0; k < depth; ++k) {
      offsets.push_back(static_cast<std::int32_t>(draws.below(half)));
    }
  }
  [[nodiscard]] GatheredRows gathered() const { return {.rows = rows, .offsets = offsets}; }
  [[nodiscard]] double at(std::size_t r, std::size_t k) const {
    return static_cast<double>(rows[r][offsets[k]]);
  }
};

constexpr std::size_t kPoolSize = 1000;

core::AlignedBuffer packed(const StridedMatrix& b, std::size_t depth, std::size_t columns) {
  core::AlignedBuffer buffer(packed_size(depth, columns));
  pack_columns(b, depth, columns, buffer.data());
  return buffer;
}

void expect_exact_product(const Sizes& sizes, bool accumulate) {
  Values values(static_cast<std::uint32_t>(sizes.rows * 31 + sizes.depth * 7 + sizes.columns));
  const LeftOperand a(sizes.rows, sizes.depth, values.exact(kPoolSize), values);
  const std::vector<float> b = values.exact(sizes.depth * sizes.columns);
  const auto packed_b =
      packed({.data = b.data(), .row_stride = sizes.columns}, sizes.depth, sizes.columns);
  const std::size_t stride = sizes.columns + 3;
  std::vector<float> c(sizes.rows * stride, kGuard);
  gathered_product(a.gathered(), packed_b.data(), sizes.columns, c.data(), stride, accumulate);
  for (std::size_t r = 0; r < sizes.rows; ++r) {
    for (std::size_t j = 0; j < sizes.columns; ++j) {
      double expected = accumulate ? static_cast<double>(kGuard) : 0;
      for (std::size_t k = 0; k < sizes.depth; ++k) {
        expected += a.at(r, k) * static_cast<double>(b[k * sizes.columns + j]);
      }
      ASSERT_EQ(static_cast<double>(c[r * stride + j]), expected) << r << ", " << j;
    }
    for (std::size_t j = sizes.columns; j < stride; ++j) ASSERT_EQ(c[r * stride + j], kGuard);
  }
}

void expect_exact_outer_product(const Sizes& sizes) {
  Values values(static_cast<std::uint32_t>(sizes.rows * 31 + sizes.depth * 7 + sizes.columns));
  const LeftOperand a(sizes.rows, sizes.depth, values.exact(kPoolSize), values);
  const std::size_t stride = padded_columns(sizes.columns);
  ASSERT_GE(stride, sizes.columns);
  core::AlignedBuffer g(sizes.rows * stride);
  core::AlignedBuffer c(sizes.depth * stride);
  std::ranges::copy(values.exact(g.size()), g.data());
  std::ranges::fill(c.span(), 2.0f);
  gathered_outer_product(a.gathered(), g.data(), sizes.columns, c.data());
  for (std::size_t k = 0; k < sizes.depth; ++k) {
    for (std::size_t j = 0; j < sizes.columns; ++j) {
      double expected = 2;
      for (std::size_t r = 0; r < sizes.rows; ++r) {
        expected += a.at(r, k) * static_cast<double>(g.data()[r * stride + j]);
      }
      ASSERT_EQ(static_cast<double>(c.data()[k * stride + j]), expected) << k << ", " << j;
    }
  }
}

// Every remainder of rows and columns at a small depth; depths on both sides of the block of 144
// and of two blocks for a few of them.
std::vector<Sizes> product_sizes() {
  std::vector<Sizes> all;
  for (std::size_t rows = 1; rows <= 13; ++rows) {
    for (std::size_t columns = 1; columns <= 70; ++columns) all.push_back({rows, 3, columns});
  }
  for (const std::size_t depth : {1U, 2U, 143U, 144U, 145U, 287U, 288U, 289U, 300U}) {
    for (const std::size_t rows : {1U, 6U, 8U}) {
      for (const std::size_t columns : {1U, 8U, 33U, 70U}) all.push_back({rows, depth, columns});
    }
  }
  return all;
}

TEST(GatheredProduct, IsExactForEverySize) {
  on_every_target([] {
    for (const Sizes& sizes : product_sizes()) {
      ASSERT_NO_FATAL_FAILURE(expect_exact_product(sizes, false))
          << ::testing::PrintToString(sizes);
    }
  });
}

TEST(GatheredProduct, AddsToWhatIsThereIfAsked) {
  on_every_target([] {
    for (const Sizes& sizes : product_sizes()) {
      ASSERT_NO_FATAL_FAILURE(expect_exact_product(sizes, true)) << ::testing::PrintToString(sizes);
    }
  });
}

TEST(GatheredOuterProduct, IsExactForEverySize) {
  on_every_target([] {
    for (const Sizes& sizes : product_sizes()) {
      // Rows and depth change places: here the sum runs over the rows, in blocks of their own.
      for (const Sizes& turned : {sizes, Sizes{sizes.depth, sizes.rows, sizes.columns}}) {
        ASSERT_NO_FATAL_FAILURE(expect_exact_outer_product(turned))
            << ::testing::PrintToString(turned);
      }
    }
  });
}

TEST(PackColumns, TakesATransposedMatrix) {
  on_every_target([] {
    constexpr std::size_t kDepth = 5;
    for (const std::size_t columns : kOddSizes) {
      const std::vector<float> b = Values(1).exact(kDepth * columns);
      std::vector<float> transposed(b.size());
      for (std::size_t k = 0; k < kDepth; ++k) {
        for (std::size_t j = 0; j < columns; ++j) transposed[j * kDepth + k] = b[k * columns + j];
      }
      auto one = packed({.data = b.data(), .row_stride = columns}, kDepth, columns);
      auto other = packed({.data = transposed.data(), .row_stride = 1, .column_stride = kDepth},
                          kDepth, columns);
      EXPECT_TRUE(std::ranges::equal(one.span(), other.span())) << columns;
    }
  });
}

// A chain of n products and sums of floats errs by at most n * 2^-24 of the sum of magnitudes;
// blocks of at most 144 bound n by 144 plus the number of blocks, here 14.
TEST(GatheredProduct, RoundsLikeShortSums) {
  on_every_target([] {
    constexpr std::size_t kDepth = 2000;
    constexpr std::size_t kColumns = 20;
    Values values(3);
    const LeftOperand a(7, kDepth, values.uniform(kPoolSize, 0, 1), values);
    const std::vector<float> b = values.uniform(kDepth * kColumns, 0, 1);
    const auto packed_b = packed({.data = b.data(), .row_stride = kColumns}, kDepth, kColumns);
    std::vector<float> c(7 * kColumns);
    gathered_product(a.gathered(), packed_b.data(), kColumns, c.data(), kColumns, false);
    for (std::size_t r = 0; r < 7; ++r) {
      for (std::size_t j = 0; j < kColumns; ++j) {
        double expected = 0;
        for (std::size_t k = 0; k < kDepth; ++k) {
          expected += a.at(r, k) * static_cast<double>(b[k * kColumns + j]);
        }
        EXPECT_NEAR(c[r * kColumns + j], expected, (144 + 14) * 0x1p-24 * expected);
      }
    }
  });
}

RC_GTEST_PROP(ProductsProperty, TheSameOperandsMakeTheSameBits, ()) {
  const auto rows = *rc::gen::inRange<std::size_t>(1, 300);
  const auto depth = *rc::gen::inRange<std::size_t>(1, 300);
  const auto columns = *rc::gen::inRange<std::size_t>(1, 71);
  on_every_target([&] {
    Values values(9);
    const LeftOperand a(rows, depth, values.uniform(kPoolSize, -1, 1), values);
    const std::vector<float> b = values.uniform(depth * columns, -1, 1);
    const auto packed_b = packed({.data = b.data(), .row_stride = columns}, depth, columns);
    const std::size_t stride = padded_columns(columns);
    std::vector<std::vector<float>> products;
    std::vector<std::vector<float>> outer_products;
    for (int run = 0; run < 2; ++run) {
      products.emplace_back(rows * stride);
      gathered_product(a.gathered(), packed_b.data(), columns, products.back().data(), stride,
                       false);
      outer_products.emplace_back(depth * stride);
      gathered_outer_product(a.gathered(), products.back().data(), columns,
                             outer_products.back().data());
    }
    RC_ASSERT(products[0] == products[1]);
    RC_ASSERT(outer_products[0] == outer_products[1]);
  });
}

}  // namespace
}  // namespace edgeprune::kernels
