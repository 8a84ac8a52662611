#include "edgeprune/kernels/updates.h"

#include <algorithm>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "updates.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
void sgd_update(const SgdUpdate& update, const float* gradients, std::size_t count,
                float* parameters, float* velocity) {
  const Tag d;
  const Vector rate = hn::Set(d, update.learning_rate);
  const Vector momentum = hn::Set(d, update.momentum);
  const Vector decay = hn::Set(d, update.weight_decay);
  for_vectors(count, [&](std::size_t i, std::size_t valid) {
    const Vector p = load(parameters + i, valid);
    Vector step = hn::MulAdd(decay, p, load(gradients + i, valid));
    if (velocity != nullptr) {
      if (!update.first_step) step = hn::MulAdd(momentum, load(velocity + i, valid), step);
      store(step, velocity + i, valid);
    }
    store(hn::NegMulAdd(rate, step, p), parameters + i, valid);
  });
}

void adam_update(const AdamUpdate& update, const float* gradients, std::size_t count,
                 float* parameters, float* mean, float* second_moment) {
  const Tag d;
  const Vector decay = hn::Set(d, update.coupled_decay);
  const Vector shrink = hn::Set(d, update.decoupled_shrink);
  const Vector fresh1 = hn::Set(d, 1.0f - update.beta1);
  const Vector beta2 = hn::Set(d, update.beta2);
  const Vector fresh2 = hn::Set(d, 1.0f - update.beta2);
  const Vector correction2 = hn::Set(d, update.bias_correction2_sqrt);
  const Vector epsilon = hn::Set(d, update.epsilon);
  const Vector rate = hn::Set(d, update.learning_rate / update.bias_correction1);
  for_vectors(count, [&](std::size_t i, std::size_t valid) {
    const Vector p = hn::Mul(load(parameters + i, valid), shrink);
    const Vector g = hn::MulAdd(decay, p, load(gradients + i, valid));
    const Vector old_mean = load(mean + i, valid);
    const Vector m = hn::MulAdd(hn::Sub(g, old_mean), fresh1, old_mean);
    const Vector v =
        hn::MulAdd(beta2, load(second_moment + i, valid), hn::Mul(fresh2, hn::Mul(g, g)));
    store(m, mean + i, valid);
    store(v, second_moment + i, valid);
    const Vector root = hn::Add(hn::Div(hn::Sqrt(v), correction2), epsilon);
    store(hn::NegMulAdd(rate, hn::Div(m, root), p), parameters + i, valid);
  });
}

// The squares of body(i, valid) over [0, count), summed lane by lane: in floats over kStretch
// vectors, in doubles over these.
template <typename Body>
HWY_INLINE double squares_of(std::size_t count, Body&& body) {
  constexpr std::size_t kStretch = 32;
  double sums[hn::MaxLanes(Tag())] = {};
  for (std::size_t begin = 0; begin < count; begin += kStretch * lanes()) {
    const std::size_t stretch = std::min(kStretch * lanes(), count - begin);
    Vector sum = hn::Zero(Tag());
    for_vectors(stretch, [&](std::size_t i, std::size_t valid) {
      const Vector value = body(begin + i, valid);
      sum = hn::MulAdd(value, value, sum);
    });
    add_lanes(sum, lanes(), sums);
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

double sum_of_squares(const float* values, std::size_t count) {
  return squares_of(count,
                    [&](std::size_t i, std::size_t valid) { return load(values + i, valid); });
}

double nesterov_update(float momentum, const float* gradients, std::size_t count, float* velocity) {
  const Vector mu = hn::Set(Tag(), momentum);
  return squares_of(count, [&](std::size_t i, std::size_t valid) {
    const Vector g = load(gradients + i, valid);
    const Vector m = hn::MulAdd(mu, load(velocity + i, valid), g);
    store(m, velocity + i, valid);
    return hn::MulAdd(mu, m, g);
  });
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(sgd_update);
HWY_EXPORT(adam_update);
HWY_EXPORT(sum_of_squares);
HWY_EXPORT(nesterov_update);

void sgd_update(const SgdUpdate& update, const float* gradients, std::size_t count,
                float* parameters, float* velocity) {
  HWY_DYNAMIC_DISPATCH(sgd_update)(update, gradients, count, parameters, velocity);
}

void adam_update(const AdamUpdate& update, const float* gradients, std::size_t count,
                 float* parameters, float* mean, float* second_moment) {
  HWY_DYNAMIC_DISPATCH(adam_update)
  (update, gradients, count, parameters, mean, second_moment);
}

double sum_of_squares(const float* values, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(sum_of_squares)(values, count);
}

double nesterov_update(float momentum, const float* gradients, std::size_t count, float* velocity) {
  return HWY_DYNAMIC_DISPATCH(nesterov_update)(momentum, gradients, count, velocity);
}

}  // namespace edgeprune::kernels
#endif
