// Loads, stores and loops over elements whose number is no multiple of a vector's. Included once
// per SIMD target, inside foreach_target; the guard's toggle is Highway's idiom for that.
#if defined(EDGEPRUNE_KERNELS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEPRUNE_KERNELS_VECTORS_INL_H_
#undef EDGEPRUNE_KERNELS_VECTORS_INL_H_
#else
#define EDGEPRUNE_KERNELS_VECTORS_INL_H_
#endif

#include "edgeprune/kernels/elements.h"

#include "products_bf16.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
using Tag16 = hn::Rebind<std::uint16_t, Tag>;
using Tag32 = hn::RebindToUnsigned<Tag>;

HWY_INLINE HWY_MAYBE_UNUSED std::size_t lanes() {
  return hn::Lanes(Tag());
}

HWY_INLINE HWY_MAYBE_UNUSED Vector load_all(const float* from) {
  return hn::LoadU(Tag(), from);
}
HWY_INLINE HWY_MAYBE_UNUSED void store_all(Vector v, float* to) {
  hn::StoreU(v, Tag(), to);
}
HWY_INLINE HWY_MAYBE_UNUSED Vector from_bits(hn::Vec<Tag16> bits) {
  return hn::BitCast(Tag(), hn::ShiftLeft<16>(hn::PromoteTo(Tag32(), bits)));
}
HWY_INLINE HWY_MAYBE_UNUSED Vector load_all(const BFloat16* from) {
  return from_bits(hn::LoadU(Tag16(), &from->bits));
}
// Rounds to nearest, ties to even.
HWY_INLINE HWY_MAYBE_UNUSED hn::Vec<Tag16> rounded_bits(Vector v) {
#if HWY_TARGET == HWY_AVX3 && defined(__GNUC__)
  // One instruction where the CPU has it; Highway 1.0.3 has no target that says so.
  if (bf16::kCpuHasBf16) {
    hn::Vec<Tag16> converted;
    asm("vcvtneps2bf16 %1, %0" : "=v"(converted.raw) : "v"(v.raw));
    return converted;
  }
#endif
  const Tag32 d;
  const hn::RebindToSigned<Tag> signed_tag;
  const auto bits = hn::BitCast(d, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1u));
  const auto upper = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7fffu))));
  return hn::DemoteTo(Tag16(), hn::BitCast(signed_tag, upper));
}
HWY_INLINE HWY_MAYBE_UNUSED void store_all(Vector v, BFloat16* to) {
  hn::StoreU(rounded_bits(v), Tag16(), &to->bits);
}

// Highway emulates masked memory access where the CPU has none, by touching whole aligned vectors:
// parts go through a buffer of their own instead. Not inlined: GCC 12 would see an overrun that
// cannot be.
template <typename T>
HWY_NOINLINE Vector load_part(const T* from, std::size_t valid) {
  HWY_ALIGN T buffer[hn::MaxLanes(Tag())] = {};
  std::copy_n(from, std::min(valid, hn::MaxLanes(Tag())), buffer);
  return load_all(buffer);
}
template <typename T>
HWY_INLINE void store_part(Vector v, T* to, std::size_t valid) {
  HWY_ALIGN T buffer[hn::MaxLanes(Tag())];
  store_all(v, buffer);
  std::copy_n(buffer, std::min(valid, hn::MaxLanes(Tag())), to);
}
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
HWY_INLINE HWY_MAYBE_UNUSED Vector load_part(const float* from, std::size_t valid) {
  return hn::MaskedLoad(hn::FirstN(Tag(), valid), Tag(), from);
}
HWY_INLINE HWY_MAYBE_UNUSED void store_part(Vector v, float* to, std::size_t valid) {
  hn::BlendedStore(v, hn::FirstN(Tag(), valid), Tag(), to);
}
#endif
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3
HWY_INLINE HWY_MAYBE_UNUSED Vector load_part(const BFloat16* from, std::size_t valid) {
  return from_bits(hn::MaskedLoad(hn::FirstN(Tag16(), valid), Tag16(), &from->bits));
}
HWY_INLINE HWY_MAYBE_UNUSED void store_part(Vector v, BFloat16* to, std::size_t valid) {
  hn::BlendedStore(rounded_bits(v), hn::FirstN(Tag16(), valid), Tag16(), &to->bits);
}
#endif

/// The first `valid` lanes from memory, zeros behind them.
template <typename T>
HWY_INLINE Vector load(const T* from, std::size_t valid) {
  return valid >= lanes() ? load_all(from) : load_part(from, valid);
}

/// The first `valid` lanes to memory; what lies behind stays.
template <typename T>
HWY_INLINE void store(Vector v, T* to, std::size_t valid) {
  if (valid >= lanes()) {
    store_all(v, to);
  } else {
    store_part(v, to, valid);
  }
}

/// What a load of the stored vector would give: `v` itself, or rounded to BFloat16.
HWY_INLINE HWY_MAYBE_UNUSED Vector as_stored(Vector v, const float*) {
  return v;
}
HWY_INLINE HWY_MAYBE_UNUSED Vector as_stored(Vector v, const BFloat16*) {
  return from_bits(rounded_bits(v));
}

/// Calls body(i, valid) for each vector of [0, count): `valid` lanes from i on are real.
template <typename Body>
HWY_INLINE void for_vectors(std::size_t count, Body&& body) {
  for (std::size_t i = 0; i < count; i += lanes()) body(i, std::min(lanes(), count - i));
}

/// Adds a vector's valid lanes to doubles.
HWY_INLINE HWY_MAYBE_UNUSED void add_lanes(Vector v, std::size_t valid, double* sums) {
  HWY_ALIGN float values[hn::MaxLanes(Tag())];
  hn::Store(v, Tag(), values);
  for (std::size_t i = 0; i < valid; ++i) sums[i] += static_cast<double>(values[i]);
}

/// Calls body with a null pointer of the element type.
template <typename Body>
HWY_INLINE void with_type(ElementType type, Body&& body) {
  if (type == ElementType::f32) {
    body(static_cast<float*>(nullptr));
  } else {
    body(static_cast<BFloat16*>(nullptr));
  }
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
