#pragma once
// Before a loop over a register tile's rows or vectors: unrolls it whole and early, so that the
// compiler keeps the tile's accumulators in registers from the first line to the last.

#if defined(__clang__)
#define EDGEPRUNE_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define EDGEPRUNE_UNROLL _Pragma("GCC unroll 24")
#else
#define EDGEPRUNE_UNROLL
#endif
