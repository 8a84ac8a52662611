// Loads, stores and loops over floats whose number is no multiple of a vector's. Included once per
// SIMD target, inside foreach_target; the guard's toggle is Highway's idiom for that.
#if defined(EDGEPRUNE_KERNELS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEPRUNE_KERNELS_VECTORS_INL_H_
#undef EDGEPRUNE_KERNELS_VECTORS_INL_H_
#else
#define EDGEPRUNE_KERNELS_VECTORS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

HWY_INLINE HWY_MAYBE_UNUSED std::size_t lanes() {
  return hn::Lanes(Tag());
}

// Highway emulates masked memory access where the CPU has none, by touching whole aligned vectors:
// these targets go through a buffer of their own instead.
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
HWY_INLINE HWY_MAYBE_UNUSED Vector load_part(const float* from, std::size_t valid) {
  return hn::MaskedLoad(hn::FirstN(Tag(), valid), Tag(), from);
}
HWY_INLINE HWY_MAYBE_UNUSED void store_part(Vector v, float* to, std::size_t valid) {
  hn::BlendedStore(v, hn::FirstN(Tag(), valid), Tag(), to);
}
#else
HWY_INLINE HWY_MAYBE_UNUSED Vector load_part(const float* from, std::size_t valid) {
  HWY_ALIGN float buffer[hn::MaxLanes(Tag())] = {};
  for (std::size_t i = 0; i < valid; ++i) buffer[i] = from[i];
  return hn::Load(Tag(), buffer);
}
HWY_INLINE HWY_MAYBE_UNUSED void store_part(Vector v, float* to, std::size_t valid) {
  HWY_ALIGN float buffer[hn::MaxLanes(Tag())];
  hn::Store(v, Tag(), buffer);
  for (std::size_t i = 0; i < valid; ++i) to[i] = buffer[i];
}
#endif

/// The first `valid` lanes from memory, zeros behind them.
HWY_INLINE HWY_MAYBE_UNUSED Vector load(const float* from, std::size_t valid) {
  return valid >= lanes() ? hn::LoadU(Tag(), from) : load_part(from, valid);
}

/// The first `valid` lanes to memory; what lies behind stays.
HWY_INLINE HWY_MAYBE_UNUSED void store(Vector v, float* to, std::size_t valid) {
  if (valid >= lanes()) {
    hn::StoreU(v, Tag(), to);
  } else {
    store_part(v, to, valid);
  }
}

/// Calls body(i, valid) for each vector of [0, count): `valid` lanes from i on are real.
template <typename Body>
HWY_INLINE void for_vectors(std::size_t count, Body&& body) {
  for (std::size_t i = 0; i < count; i += lanes()) body(i, std::min(lanes(), count - i));
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
