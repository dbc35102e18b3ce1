#pragma once

#include <stddef.h>
#include <stdint.h>

// Bulk conversions between float32 and what files hold. `bytes` needs no alignment. Narrowing
// rounds to nearest, ties to even; out of range becomes an infinity.

void plain_f16_to_f32(const void *bytes, float *values, size_t count);
void plain_bf16_to_f32(const void *bytes, float *values, size_t count);
void plain_f64_to_f32(const void *bytes, float *values, size_t count);

void plain_f32_to_f16(const float *values, void *bytes, size_t count);
void plain_f32_to_bf16(const float *values, void *bytes, size_t count);
void plain_f32_to_f64(const float *values, void *bytes, size_t count);

// Values in [-1, 1] as 8-bit samples: clamped, mapped to [0, 1], x * 255 + 0.5 truncated. A NaN is 0.
void plain_f32_to_samples(const float *values, uint8_t *samples, size_t count);

// Index of the first NaN or infinity as float32 holds the values; `count` when there is none.
size_t plain_f16_first_nonfinite(const void *bytes, size_t count);
size_t plain_bf16_first_nonfinite(const void *bytes, size_t count);
size_t plain_f32_first_nonfinite(const void *bytes, size_t count);
size_t plain_f64_first_nonfinite(const void *bytes, size_t count);
