#include "products_bf16.h"

#include "depth_blocks.h"
#include "register_tiles.h"
#include "unroll.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>
#define EDGEPRUNE_HAS_BF16_PRODUCTS 1
#else
#define EDGEPRUNE_HAS_BF16_PRODUCTS 0
#endif

namespace edgeprune::kernels::bf16 {

#if EDGEPRUNE_HAS_BF16_PRODUCTS

namespace {
bool cpu_has_bf16() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") != 0;
}
}  // namespace

const bool kCpuHasBf16 = cpu_has_bf16();

namespace {
#define EDGEPRUNE_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

constexpr std::size_t kLanes = 16;
constexpr std::size_t kRows = 6;
constexpr std::size_t kVectors = 4;
// A narrow panel's tiles have more rows: with few sums, each would wait for its own last one.
template <std::size_t V>
constexpr std::size_t kTallRows = (kRows * kVectors) / V;
static_assert(kLeftStrip % kTallRows<1> == 0 && kLeftStrip % kLanes == 0);

EDGEPRUNE_BF16_TARGET inline __m512bh pairs_at(const BFloat16* from) {
  return (__m512bh)_mm512_loadu_si512(from);
}

EDGEPRUNE_BF16_TARGET inline __m512bh broadcast_pair(const BFloat16* from) {
  std::int32_t pair;
  std::memcpy(&pair, from, sizeof(pair));
  return (__m512bh)_mm512_set1_epi32(pair);
}

template <std::size_t R, std::size_t V>
EDGEPRUNE_BF16_TARGET void product_tile(const BFloat16* const* rows, const DepthBlock& block,
                                        const BFloat16* panel, float* out, bool accumulate,
                                        ReadAhead::Lines lines) {
  const BFloat16* row[R];
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) row[r] = rows[r] + block.offset;
  __m512 sum[R][V];
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = _mm512_setzero_ps();
  }
  for (std::size_t s = 0; s < block.num_segments; ++s) {
    for (std::size_t k = 0; k < block.length; k += 2) {
      __m512bh b[V];
      EDGEPRUNE_UNROLL
      for (std::size_t v = 0; v < V; ++v) b[v] = pairs_at(panel + 2 * v * kLanes);
      panel += 2 * V * kLanes;
      lines.fetch();
      EDGEPRUNE_UNROLL
      for (std::size_t r = 0; r < R; ++r) {
        const __m512bh x = broadcast_pair(row[r] + k);
        EDGEPRUNE_UNROLL
        for (std::size_t v = 0; v < V; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], x, b[v]);
      }
    }
    EDGEPRUNE_UNROLL
    for (std::size_t r = 0; r < R; ++r) row[r] += block.stride;
  }
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) {
      float* to = out + (r * V + v) * kLanes;
      _mm512_storeu_ps(to, accumulate ? _mm512_add_ps(sum[r][v], _mm512_loadu_ps(to)) : sum[r][v]);
    }
  }
}

// C[k .. k + R), set or added to, over `num_pairs` pairs of rows.
template <std::size_t R, std::size_t V>
EDGEPRUNE_BF16_TARGET void outer_tile(const BFloat16* a, std::size_t a_stride, const BFloat16* g,
                                      std::size_t g_stride, std::size_t num_pairs, float* c,
                                      std::size_t c_stride, bool accumulate,
                                      ReadAhead::Lines lines) {
  __m512 sum[R][V];
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = _mm512_setzero_ps();
  }
  for (std::size_t p = 0; p < num_pairs; ++p, a += 2 * a_stride, g += 2 * g_stride) {
    __m512bh b[V];
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) b[v] = pairs_at(g + 2 * v * kLanes);
    lines.fetch();
    EDGEPRUNE_UNROLL
    for (std::size_t r = 0; r < R; ++r) {
      const __m512bh x = broadcast_pair(a + 2 * r);
      EDGEPRUNE_UNROLL
      for (std::size_t v = 0; v < V; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], x, b[v]);
    }
  }
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) {
      float* to = c + r * c_stride + v * kLanes;
      _mm512_storeu_ps(to, accumulate ? _mm512_add_ps(_mm512_loadu_ps(to), sum[r][v]) : sum[r][v]);
    }
  }
}

template <typename Body>
void with_vectors(std::size_t columns, Body&& body) {
  with_constant<kVectors>((columns + kLanes - 1) / kLanes, body);
}

}  // namespace

void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out, ReadAhead& ahead) {
  with_vectors(columns, [&]<std::size_t V>() {
    bool accumulate = false;
    for_depth_blocks(a.num_segments, a.segment_length, a.segment_stride, kDepthBlock,
                     [&](const DepthBlock& block) {
                       const std::size_t pairs = block.num_segments * even(block.length) / 2;
                       for_row_tiles<kTallRows<V>, kRows>(
                           a.num_rows, [&]<std::size_t R>(std::size_t r) {
                             product_tile<R, V>(a.rows + r, block, panel, out + r * V * kLanes,
                                                accumulate, ahead.take(pairs));
                           });
                       panel += 2 * pairs * V * kLanes;
                       accumulate = true;
                     });
  });
}

void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate, ReadAhead& ahead) {
  with_vectors(columns, [&]<std::size_t V>() {
    for (std::size_t p = 0; p < num_pairs; p += kPairBlock) {
      const std::size_t count = std::min(kPairBlock, num_pairs - p);
      const BFloat16* panel = g + 2 * p * columns;
      for_left_strips(
          a, num_pairs, depth, kLanes,
          [&](std::size_t first, std::size_t width, const BFloat16* rows, std::size_t stride) {
            rows += 2 * p * stride;
            for_row_tiles<kTallRows<V>, kRows>(width, [&]<std::size_t R>(std::size_t k) {
              outer_tile<R, V>(rows + 2 * k, stride, panel, columns, count,
                               c + (first + k) * c_stride, c_stride, accumulate || p > 0,
                               ahead.take(count));
            });
          });
    }
  });
}

#else

const bool kCpuHasBf16 = false;

void product_panel(const GatheredRows<BFloat16>&, const BFloat16*, std::size_t, float*,
                   ReadAhead&) {}
void outer_product_of_pairs(const BFloat16*, std::size_t, const BFloat16*, std::size_t, std::size_t,
                            float*, std::size_t, bool, ReadAhead&) {}

#endif

}  // namespace edgeprune::kernels::bf16
