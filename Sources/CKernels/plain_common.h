#pragma once

#include "include/PlainKernels.h"

#include <stdint.h>
#include <string.h>

// One variant of a function for each kind of vector unit, chosen when the program starts; before the
// thread sanitizer does, which would break on the choice.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define PLAIN_VARIANTS \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PLAIN_VARIANTS
#endif

#define PLAIN_INLINE static inline __attribute__((always_inline))

PLAIN_INLINE float plain_from_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

PLAIN_INLINE uint16_t plain_to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // Rounding must not carry a NaN over to another value.
  uint32_t quiet = (bits >> 16) | 0x40;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

PLAIN_INLINE float plain_read(const void *x, plain_type type, size_t index) {
  return type == PLAIN_F32 ? ((const float *)x)[index]
                           : plain_from_bf16(((const uint16_t *)x)[index]);
}

PLAIN_INLINE void plain_write(void *x, plain_type type, size_t index, float value) {
  if (type == PLAIN_F32) {
    ((float *)x)[index] = value;
  } else {
    ((uint16_t *)x)[index] = plain_to_bf16(value);
  }
}

// exp(x) to about 1e-7 relative, free of branches so that loops vectorise. Saturates outside
// [-87, 88]; NaN stays NaN.
PLAIN_INLINE float plain_exp(float x) {
  float clamped = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  float shifted = clamped * 1.44269504f + shifter;
  float n = shifted - shifter;
  float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t power;
  memcpy(&power, &shifted, sizeof power);
  power = (power + 127) << 23;  // the low bits of `shifted` hold n
  float scale;
  memcpy(&scale, &power, sizeof scale);
  return p * scale;
}

PLAIN_INLINE float plain_function_of(float x, plain_function f) {
  switch (f) {
    case PLAIN_SILU: return x / (1.0f + plain_exp(-x));
    case PLAIN_RELU: return x < 0.0f ? 0.0f : x;
    default: return x;
  }
}
