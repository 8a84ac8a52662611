// A ChannelTransform's coefficients for vectors of channels. Included once per SIMD target, inside
// foreach_target.
#if defined(EDGEPRUNE_KERNELS_CHANNEL_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEPRUNE_KERNELS_CHANNEL_TRANSFORM_INL_H_
#undef EDGEPRUNE_KERNELS_CHANNEL_TRANSFORM_INL_H_
#else
#define EDGEPRUNE_KERNELS_CHANNEL_TRANSFORM_INL_H_
#endif

#include "edgeprune/kernels/channel_transform.h"

#include "vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {

HWY_INLINE HWY_MAYBE_UNUSED Vector load_or(std::span<const float> values, std::size_t c,
                                           std::size_t valid, float otherwise) {
  return values.empty() ? hn::Set(Tag(), otherwise) : load(values.data() + c, valid);
}

// One vector of channels, from channel c on.
struct Coefficients {
  Vector center, scale, shift, low, high;

  HWY_INLINE Coefficients() = default;
  HWY_INLINE Coefficients(const ChannelTransform& t, std::size_t c, std::size_t valid)
      : center(load_or(t.center, c, valid, 0.0f)),
        scale(load_or(t.scale, c, valid, 1.0f)),
        shift(load_or(t.shift, c, valid, 0.0f)),
        low(hn::Set(Tag(), t.low)),
        high(hn::Set(Tag(), t.high)) {}

  HWY_INLINE Vector unclamped(Vector x) const {
    return hn::MulAdd(hn::Sub(x, center), scale, shift);
  }
  HWY_INLINE Vector operator()(Vector x) const { return clamped(unclamped(x)); }
  // A NaN stays one. x86's own instructions take the second operand where the two do not compare;
  // elsewhere the number may win.
  HWY_INLINE Vector clamped(Vector z) const {
    const Vector inside = hn::Min(high, hn::Max(low, z));
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    return inside;
#else
    return hn::IfThenElse(hn::IsNaN(z), z, inside);
#endif
  }
  // The gradient where it passes the clamp, zero elsewhere.
  HWY_INLINE Vector masked(Vector g, Vector x) const {
    const Vector z = unclamped(x);
    return hn::IfThenElseZero(hn::And(hn::Lt(low, z), hn::Lt(z, high)), g);
  }
};

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
