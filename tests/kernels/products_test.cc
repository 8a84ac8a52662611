#include "edgeprune/kernels/products.h"

#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::kOddSizes;
using testing::on_every_target;
using testing::Values;

// Sums run over blocks of at most this many terms (products.cc).
constexpr std::size_t kDepthBlock = 192;

template <typename T>
constexpr ElementType kTypeOf = std::is_same_v<T, float> ? ElementType::f32 : ElementType::bf16;

struct Sizes {
  std::size_t rows = 1;
  std::size_t num_segments = 1;
  std::size_t segment_length = 1;
  std::size_t columns = 1;

  [[nodiscard]] std::size_t depth() const { return num_segments * segment_length; }
};

void PrintTo(const Sizes& sizes, std::ostream* out) {
  *out << sizes.rows << " x (" << sizes.num_segments << " x " << sizes.segment_length << ") x "
       << sizes.columns;
}

template <typename T>
std::vector<T> as(const std::vector<float>& values) {
  std::vector<T> converted;
  converted.reserve(values.size());
  for (const float value : values) converted.push_back(static_cast<T>(value));
  return converted;
}

// A left operand whose rows begin anywhere in one pool of numbers and whose segments lie apart, as
// the windows of a convolution do. The last row ends with the pool, but for the one number that
// products of BFloat16 may read.
template <typename T>
struct LeftOperand {
  Sizes sizes;
  std::size_t segment_stride;
  std::vector<T> pool;
  std::vector<const T*> rows;

  LeftOperand(const Sizes& s, Values& draws, bool exact = true)
      : sizes(s), segment_stride(s.segment_length + (s.num_segments > 1 ? draws.below(9) : 0)) {
    constexpr std::uint32_t kStarts = 40;
    const std::size_t extent = (sizes.num_segments - 1) * segment_stride + sizes.segment_length;
    const std::size_t beyond = kTypeOf<T> == ElementType::bf16 ? 1 : 0;
    const std::size_t size = kStarts + extent + beyond;
    pool = as<T>(exact ? draws.exact(size) : draws.uniform(size, 0, 1));
    for (std::size_t r = 0; r + 1 < sizes.rows; ++r) {
      rows.push_back(pool.data() + draws.below(kStarts));
    }
    rows.push_back(pool.data() + kStarts);
  }
  [[nodiscard]] GatheredRows<T> gathered() const {
    return {.rows = rows.data(),
            .num_rows = rows.size(),
            .num_segments = sizes.num_segments,
            .segment_length = sizes.segment_length,
            .segment_stride = segment_stride};
  }
  [[nodiscard]] double at(std::size_t r, std::size_t k) const {
    return double{static_cast<float>(
        rows[r][k / sizes.segment_length * segment_stride + k % sizes.segment_length])};
  }
};

template <typename T>
std::vector<T> packed(const StridedMatrix& b, const Sizes& sizes) {
  const std::size_t size =
      packed_panel_size(kTypeOf<T>, sizes.num_segments, sizes.segment_length, sizes.columns);
  std::vector<T> panel(size + 1, T(kGuard));
  pack_panel(b, sizes.num_segments, sizes.segment_length, sizes.columns, panel.data());
  EXPECT_EQ(panel.back(), T(kGuard));
  panel.pop_back();
  return panel;
}

template <typename T>
std::vector<float> product(const LeftOperand<T>& a, const std::vector<T>& panel) {
  const std::size_t size = a.sizes.rows * padded_columns(a.sizes.columns);
  std::vector<float> out(size + 1, kGuard);
  ReadAhead nothing;
  product_panel(a.gathered(), panel.data(), a.sizes.columns, out.data(), nothing);
  EXPECT_EQ(out.back(), kGuard);
  out.pop_back();
  return out;
}

template <typename T>
void expect_exact_product(const Sizes& sizes) {
  SCOPED_TRACE(::testing::PrintToString(sizes));
  Values values(static_cast<std::uint32_t>(sizes.rows * 31 + sizes.depth() * 7 + sizes.columns));
  const LeftOperand<T> a(sizes, values);
  const std::vector<float> b = values.exact(sizes.depth() * sizes.columns);
  const auto out = product(a, packed<T>({.data = b.data(), .row_stride = sizes.columns}, sizes));
  const std::size_t width = padded_columns(sizes.columns);
  for (std::size_t r = 0; r < sizes.rows; ++r) {
    for (std::size_t j = 0; j < width; ++j) {
      double expected = 0;
      for (std::size_t k = 0; j < sizes.columns && k < sizes.depth(); ++k) {
        expected += a.at(r, k) * double{b[k * sizes.columns + j]};
      }
      ASSERT_EQ(double{out[r * width + j]}, expected) << r << ", " << j;
    }
  }
}

// `columns` counts vectors here. G and C have columns more than are multiplied, which must stay as
// they are, as must a row behind C.
void expect_exact_outer_product(const Sizes& sizes) {
  SCOPED_TRACE(::testing::PrintToString(sizes));
  Values values(static_cast<std::uint32_t>(sizes.rows * 31 + sizes.depth() * 7 + sizes.columns));
  const LeftOperand<float> a(sizes, values);
  const std::size_t columns = padded_columns(1) * sizes.columns;
  const std::size_t g_stride = columns + sizes.rows % 3;
  const std::size_t c_stride = columns + sizes.segment_length % 3;
  const auto g = values.exact(sizes.rows * g_stride);
  for (const bool accumulate : {false, true}) {
    std::vector<float> c((sizes.depth() + 1) * c_stride, 2.0f);
    ReadAhead nothing;
    outer_product(a.gathered(), g.data(), g_stride, columns, c.data(), c_stride, accumulate,
                  nothing);
    for (std::size_t k = 0; k <= sizes.depth(); ++k) {
      for (std::size_t j = 0; j < c_stride; ++j) {
        const bool real = k < sizes.depth() && j < columns;
        double expected = real && !accumulate ? 0 : 2;
        for (std::size_t r = 0; real && r < sizes.rows; ++r) {
          expected += a.at(r, k) * double{g[r * g_stride + j]};
        }
        ASSERT_EQ(double{c[k * c_stride + j]}, expected) << k << ", " << j;
      }
    }
  }
}

std::vector<std::size_t> panel_widths() {
  std::vector<std::size_t> widths;
  for (const std::size_t columns : kOddSizes) {
    if (columns <= panel_columns()) widths.push_back(columns);
  }
  return widths;
}

// Every remainder of rows and columns at a small depth, behind the tallest register tiles (24 rows
// of one vector) too; depths around the block that sums run over, in one segment and in many, for a
// few of them.
std::vector<Sizes> product_sizes() {
  std::vector<Sizes> all;
  for (std::size_t rows = 1; rows <= 37; ++rows) {
    for (const std::size_t columns : panel_widths()) all.push_back({rows, 1, 3, columns});
  }
  for (const std::size_t depth : {std::size_t{1}, std::size_t{2}, kDepthBlock - 1, kDepthBlock,
                                  kDepthBlock + 1, 2 * kDepthBlock, 2 * kDepthBlock + 16}) {
    for (const std::size_t rows : {1U, 6U, 8U}) {
      for (const std::size_t columns : {std::size_t{1}, panel_columns() - 1}) {
        if (columns == 0) continue;
        for (const std::size_t segments : {1U, 3U}) {
          all.push_back({rows, segments, depth, columns});
          all.push_back({rows, depth, segments, columns});
        }
      }
    }
  }
  for (const std::size_t length : {1U, 4U, 5U, 64U, 65U, 96U, 97U}) {
    all.push_back({7, 9, length, panel_columns()});
  }
  return all;
}

TEST(Panels, ArePaddedToWholeVectors) {
  on_every_target([] {
    const auto n = static_cast<std::size_t>(simd_lanes());
    EXPECT_EQ(panel_columns() % n, 0U);
    EXPECT_EQ(padded_columns(1), n);
    EXPECT_EQ(padded_columns(n), n);
    EXPECT_EQ(padded_columns(n + 1), 2 * n);
    EXPECT_EQ(padded_columns(panel_columns()), panel_columns());
    EXPECT_EQ(packed_panel_size(ElementType::f32, 2, 3, 1), 2 * 3 * n);
  });
}

// Two segments of 21 rows: more than are packed together, and odd, so that pairs end inside them.
constexpr std::size_t kPackedDepth = 42;

template <typename T>
void expect_packs_transposed() {
  for (const std::size_t columns : panel_widths()) {
    const Sizes sizes{1, 2, kPackedDepth / 2, columns};
    const std::vector<float> b = Values(1).exact(kPackedDepth * columns);
    std::vector<float> transposed(b.size());
    for (std::size_t k = 0; k < kPackedDepth; ++k) {
      for (std::size_t j = 0; j < columns; ++j) {
        transposed[j * kPackedDepth + k] = b[k * columns + j];
      }
    }
    EXPECT_EQ(packed<T>({.data = b.data(), .row_stride = columns}, sizes),
              packed<T>({.data = transposed.data(), .row_stride = 1, .column_stride = kPackedDepth},
                        sizes))
        << columns;
  }
}

// Six blocks in two segments, the last block first, as they are and each transposed.
template <typename T>
void expect_packs_blocks(std::size_t block_rows) {
  const std::size_t depth = 6 * block_rows;
  const std::size_t columns = panel_columns();
  const Sizes sizes{1, 2, depth / 2, columns};
  const std::vector<float> b = Values(2).exact(depth * columns);
  std::vector<float> moved(b.size());
  std::vector<float> transposed(b.size());
  std::vector<std::size_t> blocks;
  for (std::size_t block = 0; block < 6; ++block) {
    const std::size_t to = (depth - (block + 1) * block_rows) * columns;
    blocks.push_back(to);
    for (std::size_t k = 0; k < block_rows; ++k) {
      for (std::size_t j = 0; j < columns; ++j) {
        const float value = b[(block * block_rows + k) * columns + j];
        moved[to + k * columns + j] = value;
        transposed[to + j * block_rows + k] = value;
      }
    }
  }
  const auto expected = packed<T>({.data = b.data(), .row_stride = columns}, sizes);
  EXPECT_EQ(
      expected,
      packed<T>(
          {.data = moved.data(), .row_stride = columns, .block_rows = block_rows, .blocks = blocks},
          sizes));
  EXPECT_EQ(expected, packed<T>({.data = transposed.data(),
                                 .row_stride = 1,
                                 .column_stride = block_rows,
                                 .block_rows = block_rows,
                                 .blocks = blocks},
                                sizes));
}

// Odd, so that pairs lie in two blocks, and around the rows that are packed together.
constexpr std::array<std::size_t, 5> kBlockRows = {1, 7, 16, 17, 40};

TEST(PackPanel, TakesATransposedMatrix) {
  on_every_target([] { expect_packs_transposed<float>(); });
}

TEST(PackPanel, TakesBlocksOfRows) {
  on_every_target([] {
    for (const std::size_t rows : kBlockRows) expect_packs_blocks<float>(rows);
  });
}

TEST(PackPanel, TakesSomeColumnsOfAWiderMatrix) {
  on_every_target([] {
    const std::size_t columns = std::min<std::size_t>(3, panel_columns());
    const Sizes sizes{2, 2, 4, columns};
    Values values(2);
    const LeftOperand<float> a(sizes, values);
    const std::vector<float> b = values.exact(8 * 10);
    const auto out = product(a, packed<float>({.data = b.data() + 5, .row_stride = 10}, sizes));
    for (std::size_t r = 0; r < 2; ++r) {
      for (std::size_t j = 0; j < columns; ++j) {
        double expected = 0;
        for (std::size_t k = 0; k < 8; ++k) expected += a.at(r, k) * double{b[k * 10 + 5 + j]};
        EXPECT_EQ(double{out[r * padded_columns(columns) + j]}, expected);
      }
    }
  });
}

TEST(ProductPanel, IsExactForEverySize) {
  on_every_target([] {
    for (const Sizes& sizes : product_sizes()) {
      ASSERT_NO_FATAL_FAILURE(expect_exact_product<float>(sizes));
    }
  });
}

// A chain of n products and sums of floats errs by at most n * 2^-24 of the sum of magnitudes;
// blocks bound n by their length plus their number, here 11.
TEST(ProductPanel, RoundsLikeShortSums) {
  on_every_target([] {
    for (const std::size_t segments : {1U, 50U}) {
      const Sizes sizes{7, segments, 2000 / segments, std::min<std::size_t>(20, panel_columns())};
      Values values(3);
      const LeftOperand<float> a(sizes, values, false);
      const std::vector<float> b = values.uniform(sizes.depth() * sizes.columns, 0, 1);
      const auto out =
          product(a, packed<float>({.data = b.data(), .row_stride = sizes.columns}, sizes));
      for (std::size_t r = 0; r < sizes.rows; ++r) {
        for (std::size_t j = 0; j < sizes.columns; ++j) {
          double expected = 0;
          for (std::size_t k = 0; k < sizes.depth(); ++k) {
            expected += a.at(r, k) * double{b[k * sizes.columns + j]};
          }
          EXPECT_NEAR(out[r * padded_columns(sizes.columns) + j], expected,
                      (kDepthBlock + 11) * 0x1p-24 * expected);
        }
      }
    }
  });
}

TEST(OuterProduct, IsExactForEverySize) {
  on_every_target([] {
    for (const std::size_t rows : {1U, 2U, 13U, 95U, 96U, 97U, 250U}) {
      for (const std::size_t length : {1U, 5U, 6U, 7U, 13U}) {
        for (const std::size_t segments : {1U, 3U}) {
          for (const std::size_t vectors : {1U, 2U, 3U, 4U, 5U, 9U}) {
            ASSERT_NO_FATAL_FAILURE(expect_exact_outer_product({rows, segments, length, vectors}));
          }
        }
      }
    }
  });
}

// So deep that the right operand is copied.
TEST(OuterProduct, IsExactForDeepResults) {
  on_every_target([] {
    for (const std::size_t depth : {255U, 256U, 300U}) {
      for (const std::size_t vectors : {1U, 4U, 5U}) {
        ASSERT_NO_FATAL_FAILURE(expect_exact_outer_product({100, 1, depth, vectors}));
        ASSERT_NO_FATAL_FAILURE(expect_exact_outer_product({7, 3, depth / 3, vectors}));
      }
    }
  });
}

TEST(ReadAhead, ChangesNoProduct) {
  on_every_target([] {
    const Sizes sizes{50, 3, 70, panel_columns()};
    Values values(4);
    const LeftOperand<float> a(sizes, values);
    const std::vector<float> b = values.exact(sizes.depth() * sizes.columns);
    const auto panel = packed<float>({.data = b.data(), .row_stride = sizes.columns}, sizes);
    const auto without = product(a, panel);
    ReadAhead ahead;
    ahead.add(a.pool.data(), a.pool.size() * sizeof(float));
    ahead.add(nullptr, 0);
    ahead.add(b.data(), 1);
    ahead.add(panel.data(), panel.size() * sizeof(float));
    std::vector<float> out(without.size());
    product_panel(a.gathered(), panel.data(), sizes.columns, out.data(), ahead);
    EXPECT_EQ(out, without);
  });
}

TEST(ReadAhead, GivesTheLinesOfItsRangesInOrder) {
  const std::array<char, 200> memory{};
  ReadAhead ahead;
  for (const std::size_t bytes : {1U, 200U}) ahead.add(memory.data(), bytes);
  EXPECT_EQ(ahead.lines(), 5U);
  EXPECT_EQ(ahead.take(3).line, memory.data());  // the one line of the first range
  const ReadAhead::Lines second = ahead.take(2);
  EXPECT_EQ(second.line, memory.data());
  EXPECT_EQ(second.step, ReadAhead::kLineBytes);
  EXPECT_EQ(ahead.take(5).line, memory.data() + 2 * ReadAhead::kLineBytes);
  EXPECT_EQ(ahead.take(1).line, nullptr);
  EXPECT_EQ(ahead.take(1).step, 0U);
}

TEST(ReadAhead, HoldsFourRanges) {
  const std::array<char, 5 * ReadAhead::kLineBytes> memory{};
  ReadAhead ahead;
  for (std::size_t range = 0; range < 5; ++range) {
    ahead.add(memory.data() + range * ReadAhead::kLineBytes, 1);
  }
  EXPECT_EQ(ahead.lines(), 4U);
  for (std::size_t range = 0; range < 4; ++range) {
    EXPECT_EQ(ahead.take(1).line, memory.data() + range * ReadAhead::kLineBytes);
  }
  EXPECT_EQ(ahead.take(1).line, nullptr);
}

TEST(Bf16Products, AreAvailableWhereTheTargetMultipliesThem) {
#if defined(__x86_64__)
  const bool cpu_does = __builtin_cpu_supports("avx512bf16") != 0;
#else
  const bool cpu_does = false;
#endif
  on_every_target(
      [&] { EXPECT_EQ(bf16_products_available(), cpu_does && simd_target() == "AVX3"); });
}

TEST(Bf16Products, PackSegmentsOfOddLengthToPairs) {
  on_every_target([] {
    const std::size_t n = padded_columns(1);
    EXPECT_EQ(packed_panel_size(ElementType::bf16, 2, 3, 1), 2 * 4 * n);
    EXPECT_EQ(packed_panel_size(ElementType::bf16, 2, 4, 1), 2 * 4 * n);
  });
}

TEST(Bf16Products, PackATransposedMatrix) {
  on_every_target([] { expect_packs_transposed<BFloat16>(); });
}

TEST(Bf16Products, PackBlocksOfRows) {
  on_every_target([] {
    for (const std::size_t rows : kBlockRows) expect_packs_blocks<BFloat16>(rows);
  });
}

TEST(Bf16Products, AreExactForEverySize) {
  on_every_target([] {
    for (const Sizes& sizes : product_sizes()) {
      ASSERT_NO_FATAL_FAILURE(expect_exact_product<BFloat16>(sizes));
    }
  });
}

// 257 is a tie that rounds to 256; the left operand is stored as BFloat16 already.
TEST(Bf16Products, RoundTheRightOperand) {
  on_every_target([] {
    const Sizes sizes{1, 1, 1, 1};
    Values values(6);
    const LeftOperand<BFloat16> a(sizes, values);
    const float b = 257;
    const auto out = product(a, packed<BFloat16>({.data = &b, .row_stride = 1}, sizes));
    EXPECT_EQ(double{out[0]}, a.at(0, 0) * 256);
  });
}

TEST(Bf16Products, ReadAheadChangesNothing) {
  on_every_target([] {
    const Sizes sizes{20, 3, 7, panel_columns()};
    Values values(7);
    const LeftOperand<BFloat16> a(sizes, values);
    const std::vector<float> b = values.exact(sizes.depth() * sizes.columns);
    const auto panel = packed<BFloat16>({.data = b.data(), .row_stride = sizes.columns}, sizes);
    const auto without = product(a, panel);
    ReadAhead ahead;
    ahead.add(b.data(), b.size() * sizeof(float));
    std::vector<float> out(without.size());
    product_panel(a.gathered(), panel.data(), sizes.columns, out.data(), ahead);
    EXPECT_EQ(out, without);
  });
}

std::vector<BFloat16> interleaved(const std::vector<BFloat16>& values, std::size_t num_rows,
                                  std::size_t columns, std::size_t strip_columns) {
  std::vector<const BFloat16*> rows;
  for (std::size_t r = 0; r < num_rows; ++r) rows.push_back(values.data() + r * columns);
  std::vector<BFloat16> out(interleaved_size(num_rows, columns) + 1, BFloat16(kGuard));
  interleave_pairs(rows.data(), num_rows, columns, strip_columns, out.data());
  EXPECT_EQ(out.back(), BFloat16(kGuard));
  out.pop_back();
  return out;
}

void expect_interleaved(std::size_t num_rows, std::size_t columns, std::size_t strip_columns) {
  const auto values = as<BFloat16>(Values(8).exact(num_rows * columns));
  const auto out = interleaved(values, num_rows, columns, strip_columns);
  std::size_t i = 0;
  for (std::size_t first = 0; first < columns; first += strip_columns) {
    const std::size_t width = padded_columns(std::min(strip_columns, columns - first));
    for (std::size_t r = 0; r < num_rows; r += 2) {
      for (std::size_t c = first; c < first + width; ++c) {
        for (std::size_t partner : {r, r + 1}) {
          const bool real = partner < num_rows && c < columns;
          ASSERT_EQ(out[i++].bits, real ? values[partner * columns + c].bits : 0)
              << num_rows << " x " << columns << ": " << partner << ", " << c;
        }
      }
    }
  }
  EXPECT_EQ(i, out.size());
}

TEST(InterleavePairs, LaysTwoRowsSideBySide) {
  on_every_target([] {
    for (std::size_t num_rows = 1; num_rows <= 5; ++num_rows) {
      for (const std::size_t columns : kOddSizes) {
        for (const std::size_t strip : {kLeftStrip, panel_columns(), padded_columns(1)}) {
          ASSERT_NO_FATAL_FAILURE(expect_interleaved(num_rows, columns, strip));
        }
      }
    }
  });
}

void expect_exact_product_of_pairs(std::size_t num_rows, std::size_t depth, std::size_t vectors,
                                   bool accumulate) {
  const std::size_t columns = vectors * padded_columns(1);
  const std::size_t c_stride = columns + depth % 3;
  Values values(static_cast<std::uint32_t>(num_rows * 31 + depth * 7 + vectors));
  const auto a = as<BFloat16>(values.exact(num_rows * depth));
  const auto g = as<BFloat16>(values.exact(num_rows * columns));
  std::vector<float> c((depth + 1) * c_stride, 2.0f);
  ReadAhead nothing;
  const std::size_t num_pairs = (num_rows + 1) / 2;
  const auto left = interleaved(a, num_rows, depth, kLeftStrip);
  const auto right = interleaved(g, num_rows, columns, panel_columns());
  for (std::size_t first = 0; first < columns; first += panel_columns()) {
    outer_product_of_pairs(left.data(), depth, right.data() + 2 * num_pairs * first,
                           std::min(panel_columns(), columns - first), num_pairs, c.data() + first,
                           c_stride, accumulate, nothing);
  }
  for (std::size_t k = 0; k <= depth; ++k) {
    for (std::size_t j = 0; j < c_stride; ++j) {
      const bool real = k < depth && j < columns;
      double expected = real && !accumulate ? 0 : 2;
      for (std::size_t r = 0; real && r < num_rows; ++r) {
        expected += double{static_cast<float>(a[r * depth + k])} *
                    double{static_cast<float>(g[r * columns + j])};
      }
      ASSERT_EQ(double{c[k * c_stride + j]}, expected)
          << num_rows << " x " << depth << " x " << columns << ": " << k << ", " << j;
    }
  }
}

TEST(OuterProductOfPairs, IsExactForEverySize) {
  on_every_target([] {
    for (const std::size_t num_rows : {1U, 2U, 3U, 12U, 511U, 512U, 513U, 515U}) {
      for (const std::size_t depth : {1U, 5U, 6U, 7U, 13U, 31U, 47U, 48U, 49U, 107U}) {
        for (const std::size_t vectors : {1U, 2U, 3U, 4U, 5U, 9U}) {
          for (const bool accumulate : {false, true}) {
            ASSERT_NO_FATAL_FAILURE(
                expect_exact_product_of_pairs(num_rows, depth, vectors, accumulate));
          }
        }
      }
    }
  });
}

// Of operands that do not multiply exactly: the CPU's instructions and the plain path round alike,
// the plain path of other targets too. 16 columns are whole panels on every target.
TEST(Bf16Products, AreNearlyTheSameOnEveryTarget) {
  constexpr std::size_t kColumns = 16;
  std::vector<std::vector<float>> all;
  on_every_target([&] {
    const Sizes sizes{13, 3, 301, std::min(panel_columns(), kColumns)};
    Values values(10);
    const LeftOperand<BFloat16> a(sizes, values, false);
    const std::vector<float> b = values.uniform(sizes.depth() * kColumns, 0, 1);
    std::vector<float> out(sizes.rows * kColumns);
    for (std::size_t first = 0; first < kColumns; first += sizes.columns) {
      const auto panel =
          product(a, packed<BFloat16>({.data = b.data() + first, .row_stride = kColumns}, sizes));
      for (std::size_t i = 0; i < panel.size(); ++i) {
        out[i / sizes.columns * kColumns + first + i % sizes.columns] = panel[i];
      }
    }
    const auto values_of_pairs = as<BFloat16>(values.uniform(300 * kColumns, 0, 1));
    const auto left = interleaved(values_of_pairs, 300, kColumns, kLeftStrip);
    const auto right = interleaved(values_of_pairs, 300, kColumns, sizes.columns);
    std::vector<float> c(kColumns * kColumns);
    ReadAhead nothing;
    for (std::size_t first = 0; first < kColumns; first += sizes.columns) {
      outer_product_of_pairs(left.data(), kColumns, right.data() + 300 * first, sizes.columns, 150,
                             c.data() + first, kColumns, true, nothing);
    }
    out.insert(out.end(), c.begin(), c.end());
    all.push_back(out);
  });
  for (const auto& other : all) {
    ASSERT_EQ(other.size(), all[0].size());
    for (std::size_t i = 0; i < other.size(); ++i) {
      EXPECT_NEAR(other[i], all[0][i], 1e-5 * all[0][i]) << i;
    }
  }
}

RC_GTEST_PROP(ProductsProperty, AreTheirDefinition, ()) {
  const auto rows = *rc::gen::inRange<std::size_t>(1, 30);
  const auto segments = *rc::gen::inRange<std::size_t>(1, 10);
  const auto length = *rc::gen::inRange<std::size_t>(1, 250);
  const auto columns = *rc::gen::inRange<std::size_t>(1, 65);
  on_every_target([&] {
    const Sizes sizes{rows, segments, length, std::min(columns, panel_columns())};
    expect_exact_product<float>(sizes);
    expect_exact_product<BFloat16>(sizes);
    expect_exact_outer_product({rows, segments, length, columns % 6 + 1});
  });
  RC_ASSERT(!::testing::Test::HasFailure());
}

RC_GTEST_PROP(ProductsProperty, TheSameOperandsMakeTheSameBits, ()) {
  const auto rows = *rc::gen::inRange<std::size_t>(1, 300);
  const auto depth = *rc::gen::inRange<std::size_t>(1, 300);
  on_every_target([&] {
    const Sizes sizes{rows, 1, depth, panel_columns()};
    Values values(9);
    const LeftOperand<float> a(sizes, values, false);
    const std::vector<float> b = values.uniform(depth * sizes.columns, -1, 1);
    const auto panel = packed<float>({.data = b.data(), .row_stride = sizes.columns}, sizes);
    std::vector<std::vector<float>> products;
    std::vector<std::vector<float>> outer_products;
    for (int run = 0; run < 2; ++run) {
      products.push_back(product(a, panel));
      outer_products.emplace_back(depth * sizes.columns);
      ReadAhead nothing;
      outer_product(a.gathered(), products.back().data(), sizes.columns, sizes.columns,
                    outer_products.back().data(), sizes.columns, true, nothing);
    }
    RC_ASSERT(products[0] == products[1]);
    RC_ASSERT(outer_products[0] == outer_products[1]);
  });
}

}  // namespace
}  // namespace edgeprune::kernels
