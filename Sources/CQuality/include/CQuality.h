#pragma once

#include <stddef.h>
#include <stdint.h>

/// Side of the Gaussian window of the structural similarity.
enum { cq_window = 11 };

/// Floats that a plane's buffer must hold beyond its last pixel: vectors are loaded whole.
enum { cq_slack = 16 };

/// Sums over all positions where the window fits inside the picture.
typedef struct {
  double similarity;  ///< luminance · contrast · structure
  double contrast;    ///< contrast · structure
} cq_similarity;

/// Structural similarity (Wang et al. 2004) of two planes of values v - 128, v in 0...255:
/// Gaussian window, σ 1.5. Both sides are at least `cq_window`; `scratch` holds
/// `cq_scratch(width)` floats.
cq_similarity cq_compare(const float *a, const float *b, size_t width, size_t height,
                         float *scratch);

/// Floats of scratch that `cq_compare` needs.
size_t cq_scratch(size_t width);

/// Means of 2×2 pixels; an odd last row or column is dropped.
void cq_halve(const float *in, size_t width, size_t height, float *out);

/// Values v - 128.
void cq_centre(const uint8_t *in, size_t count, float *out);

/// Sums of squares over pixels.
typedef struct {
  uint64_t error;   ///< (b - a)²
  uint64_t change;  ///< (b - a - previous)²
} cq_errors;

/// Squared errors of `b` against `a`, and of their change since the frame before, whose errors
/// `previous` holds; leaves this frame's errors there.
cq_errors cq_error(const uint8_t *a, const uint8_t *b, int16_t *previous, size_t count);
