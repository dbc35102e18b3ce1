#include "include/PlainConvert.h"
#include "plain_common.h"

// A value at an address that need not be aligned, as mapped files have them.
#define LOAD(type, bytes, i) \
  ({ type loaded; memcpy(&loaded, (const char *)(bytes) + (i) * sizeof loaded, sizeof loaded); loaded; })
#define STORE(value, bytes, i) \
  do { __auto_type stored = (value); \
    memcpy((char *)(bytes) + (i) * sizeof stored, &stored, sizeof stored); } while (0)

PLAIN_INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

PLAIN_INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Both directions of float16 go through float32 arithmetic that puts the exponent right and, for
// subnormal numbers, rounds at the right bit: no branches, so the loops vectorise.
PLAIN_INLINE float from_f16(uint16_t half) {
  uint32_t w = (uint32_t)half << 16;
  uint32_t magnitude = w + w;
  float normal = float_of((magnitude >> 4) + 0x70000000u) * 0x1.0p-112f;
  float subnormal = float_of((magnitude >> 17) | 0x3f000000u) - 0.5f;
  uint32_t sign = w & 0x80000000u;
  return float_of(sign | (magnitude < 0x08000000u ? bits_of(subnormal) : bits_of(normal)));
}

PLAIN_INLINE uint16_t to_f16(float value) {
  uint32_t w = bits_of(value);
  uint32_t magnitude = w + w;
  uint32_t exponent = magnitude & 0xff000000u;
  exponent = exponent < 0x71000000u ? 0x71000000u : exponent;
  // The first product is infinite where float16 would be, the second undoes it elsewhere.
  float base = (float_of(w & 0x7fffffffu) * 0x1.0p+112f) * 0x1.0p-110f;
  uint32_t rounded = bits_of(float_of((exponent >> 1) + 0x07800000u) + base);
  uint32_t bits = ((rounded >> 13) & 0x7c00u) + (rounded & 0x0fffu);
  return (uint16_t)(((w >> 16) & 0x8000u) | (magnitude > 0xff000000u ? 0x7e00u : bits));
}

#define CONVERT_TO_F32(name, type, expression) \
  PLAIN_VARIANTS void name(const void *bytes, float *values, size_t count) { \
    for (size_t i = 0; i < count; i++) { \
      type x = LOAD(type, bytes, i); \
      values[i] = (expression); \
    } \
  }

CONVERT_TO_F32(plain_f16_to_f32, uint16_t, from_f16(x))
CONVERT_TO_F32(plain_bf16_to_f32, uint16_t, plain_from_bf16(x))
CONVERT_TO_F32(plain_f64_to_f32, double, (float)x)

#define CONVERT_FROM_F32(name, expression) \
  PLAIN_VARIANTS void name(const float *values, void *bytes, size_t count) { \
    for (size_t i = 0; i < count; i++) { \
      float x = values[i]; \
      STORE(expression, bytes, i); \
    } \
  }

CONVERT_FROM_F32(plain_f32_to_f16, to_f16(x))
CONVERT_FROM_F32(plain_f32_to_bf16, plain_to_bf16(x))
CONVERT_FROM_F32(plain_f32_to_f64, (double)x)

PLAIN_VARIANTS void plain_f32_to_samples(const float *values, uint8_t *samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float raised = values[i] > -1.0f ? values[i] : -1.0f;
    float unit = ((raised < 1.0f ? raised : 1.0f) + 1.0f) * 0.5f;
    // Statements of their own: fused into one operation they would round differently.
    float scaled = unit * 255.0f;
    samples[i] = (uint8_t)(int32_t)(scaled + 0.5f);
  }
}

// Blocks are tested as a whole, which vectorises; only a block with a hit is walked.
#define FIRST_NONFINITE(name, type, is_nonfinite) \
  PLAIN_VARIANTS size_t name(const void *bytes, size_t count) { \
    for (size_t start = 0; start < count; start += 1024) { \
      size_t end = count - start < 1024 ? count : start + 1024; \
      unsigned hits = 0; \
      for (size_t i = start; i < end; i++) { \
        type x = LOAD(type, bytes, i); \
        hits |= (is_nonfinite); \
      } \
      for (size_t i = start; hits && i < end; i++) { \
        type x = LOAD(type, bytes, i); \
        if (is_nonfinite) return i; \
      } \
    } \
    return count; \
  }

FIRST_NONFINITE(plain_f16_first_nonfinite, uint16_t, (x & 0x7c00) == 0x7c00)
FIRST_NONFINITE(plain_bf16_first_nonfinite, uint16_t, (x & 0x7f80) == 0x7f80)
FIRST_NONFINITE(plain_f32_first_nonfinite, uint32_t, (x & 0x7f800000u) == 0x7f800000u)
FIRST_NONFINITE(
  plain_f64_first_nonfinite, double, (bits_of((float)x) & 0x7f800000u) == 0x7f800000u)
