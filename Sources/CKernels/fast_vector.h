// Vectors of FAST_WIDTH floats for the kernels that are included after this.
//
// The including file sets FAST_WIDTH (16, 8 or 4), FAST_ROWS (rows of a block of products that the
// registers hold) and the functions' target.
#include "include/FastKernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define FAST_INLINE static inline __attribute__((always_inline))
#define FAST_UNROLL _Pragma("clang loop unroll(full)")
#define FAST_ROLL _Pragma("clang loop unroll(disable)")

typedef float vec __attribute__((vector_size(FAST_WIDTH * 4)));
typedef float loose_vec __attribute__((vector_size(FAST_WIDTH * 4), aligned(4)));
typedef double double_vec __attribute__((vector_size(FAST_WIDTH * 8)));
typedef double loose_double_vec __attribute__((vector_size(FAST_WIDTH * 8), aligned(8)));
typedef int32_t int_vec __attribute__((vector_size(FAST_WIDTH * 4)));
typedef uint32_t uint_vec __attribute__((vector_size(FAST_WIDTH * 4)));
typedef uint16_t half_vec __attribute__((vector_size(FAST_WIDTH * 2), aligned(2)));

FAST_INLINE vec vec_load(const float *x) { return *(const loose_vec *)x; }
FAST_INLINE void vec_store(float *x, vec v) { *(loose_vec *)x = v; }
FAST_INLINE vec vec_of(float x) { return x - (vec){0}; }

// Stores to aligned memory that is not read soon: where a vector fills a line of the cache, the line
// is not read first. Other threads see it after vec_end_stream.
FAST_INLINE void vec_stream(float *x, vec v) {
#if defined(__x86_64__) && FAST_WIDTH == 16
  _mm512_stream_ps(x, (__m512)v);
#else
  vec_store(x, v);
#endif
}
FAST_INLINE void vec_end_stream(void) {
#if defined(__x86_64__) && FAST_WIDTH == 16
  _mm_sfence();
#endif
}

// The first `count` values; zeros behind.
FAST_INLINE vec vec_load_part(const float *x, size_t count) {
  if (count >= FAST_WIDTH) return vec_load(x);
#if defined(__x86_64__) && FAST_WIDTH == 16
  return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), x);
#else
  vec v = {0};
  for (size_t i = 0; i < count; i++) v[i] = x[i];
  return v;
#endif
}

// Stores the first `count` values.
FAST_INLINE void vec_store_part(float *x, vec v, size_t count) {
  if (count >= FAST_WIDTH) {
    vec_store(x, v);
    return;
  }
#if defined(__x86_64__) && FAST_WIDTH == 16
  _mm512_mask_storeu_ps(x, (__mmask16)((1u << count) - 1), (__m512)v);
#else
  memcpy(x, &v, 4 * count);
#endif
}

FAST_INLINE vec vec_load_stored(const void *x, plain_type type, size_t count) {
  if (type == PLAIN_F32) return vec_load_part(x, count);
  half_vec bits = {0};
  if (count >= FAST_WIDTH) {
    bits = *(const half_vec *)x;
  } else {
#if defined(__x86_64__) && FAST_WIDTH == 16
    bits = (half_vec)_mm256_maskz_loadu_epi16((__mmask16)((1u << count) - 1), x);
#else
    memcpy(&bits, x, 2 * count);
#endif
  }
  uint_vec wide = __builtin_convertvector(bits, uint_vec) << 16;
  return (vec)wide;
}

FAST_INLINE void vec_store_stored(void *x, plain_type type, size_t count, vec v) {
  if (type == PLAIN_F32) {
    vec_store_part(x, v, count);
    return;
  }
#if defined(FAST_HALVES)
  half_vec halves = (half_vec)_mm512_cvtneps_pbh((__m512)v);
#else
  uint_vec bits = (uint_vec)v;
  uint_vec rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  uint_vec is_nan = (uint_vec)((bits & 0x7fffffff) > 0x7f800000);
  rounded = (rounded & ~is_nan) | (((bits >> 16) | 0x40) & is_nan);
  half_vec halves = __builtin_convertvector(rounded, half_vec);
#endif
  if (count >= FAST_WIDTH) {
    *(half_vec *)x = halves;
  } else {
#if defined(__x86_64__) && FAST_WIDTH == 16
    _mm256_mask_storeu_epi16(x, (__mmask16)((1u << count) - 1), (__m256i)halves);
#else
    memcpy(x, &halves, 2 * count);
#endif
  }
}

#if defined(__x86_64__)
#if FAST_WIDTH == 16
#define FAST_X86(NAME, ...) (vec) _mm512_##NAME##_ps(__VA_ARGS__)
#elif FAST_WIDTH == 8
#define FAST_X86(NAME, ...) (vec) _mm256_##NAME##_ps(__VA_ARGS__)
#else
#define FAST_X86(NAME, ...) (vec) _mm_##NAME##_ps(__VA_ARGS__)
#endif
FAST_INLINE vec vec_min(vec a, vec b) { return FAST_X86(min, a, b); }
FAST_INLINE vec vec_max(vec a, vec b) { return FAST_X86(max, a, b); }
#else
FAST_INLINE vec vec_min(vec a, vec b) {
  int_vec less = a < b;
  return (vec)(((int_vec)a & less) | ((int_vec)b & ~less));
}
FAST_INLINE vec vec_max(vec a, vec b) { return -vec_min(-a, -b); }
#endif

// Where value c of a row lies whose lines are `line_step` apart.
FAST_INLINE size_t in_lines(size_t c, size_t line_step) {
  return c / fast_lane_count * line_step + c % fast_lane_count;
}

// a / b of numbers below 2^32, which divide faster than long ones.
FAST_INLINE size_t quotient(size_t a, size_t b) { return (uint32_t)a / (uint32_t)b; }

// Where row r lies.
FAST_INLINE size_t row_in_lines(const fast_lines *lines, size_t r) {
  const size_t group = quotient(r, lines->group);
  return group * lines->group_step + (r - group * lines->group) * fast_lane_count;
}

FAST_INLINE float vec_sum(vec v) {
  float sum = 0;
  FAST_UNROLL for (int i = 0; i < FAST_WIDTH; i++) sum += v[i];
  return sum;
}

#if defined(__x86_64__) && FAST_WIDTH == 16
// exp(x) to about 1e-7 (1 + |x|) relative for x <= 87, saturating above.
FAST_INLINE vec vec_exp(vec x) {
  const vec t = vec_min(x * 1.44269504f, vec_of(126.0f));
  const vec f = (vec)_mm512_reduce_ps((__m512)t, _MM_FROUND_TO_NEG_INF);
  // 2^f, fitted to the least largest error.
  vec p = f * 1.867130966e-3f + 9.017027825e-3f;
  p = p * f + 5.579991557e-2f;
  p = p * f + 2.401644492e-1f;
  p = p * f + 6.931513119e-1f;
  p = p * f + 1.0f;
  return (vec)_mm512_scalef_ps((__m512)p, (__m512)t);
}
#else
// exp(x) to about 1e-7 (1 + |x|) relative for |x| <= 87, saturating outside.
FAST_INLINE vec vec_exp(vec x) {
  x = vec_min(vec_max(x, vec_of(-87.0f)), vec_of(87.0f));
  const vec shifter = vec_of(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const vec shifted = x * 1.44269504f + shifter;
  const vec f = x * 1.44269504f - (shifted - shifter);
  // 2^f, fitted to the least largest relative error.
  vec p = f * 1.327647203e-3f + 9.675541479e-3f;
  p = p * f + 5.550713275e-2f;
  p = p * f + 2.402211972e-1f;
  p = p * f + 6.931469671e-1f;
  p = p * f + 1.0f;
  // The low bits of `shifted` hold the integer: added to the exponent.
  return (vec)((uint_vec)p + ((uint_vec)shifted << 23));
}
#endif

// a / b to about 1e-7 relative, for b that is neither tiny nor huge.
FAST_INLINE vec vec_quotient(vec a, vec b) {
#if defined(__x86_64__) && FAST_WIDTH >= 8
#if FAST_WIDTH == 16
  vec y = FAST_X86(rcp14, b);
#else
  vec y = FAST_X86(rcp, b);
#endif
  return a * y * (2.0f - b * y);
#else
  return a / b;
#endif
}

FAST_INLINE vec vec_apply(vec x, plain_function f) {
  switch (f) {
    case PLAIN_SILU: return vec_quotient(x, 1.0f + vec_exp(-x));
    case PLAIN_RELU: return vec_max(x, vec_of(0.0f));
    default: return x;
  }
}
