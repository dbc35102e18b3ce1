// Loads, stores, norms and functions on rows of channels.

#include "plain_common.h"

#include <math.h>

const char *plain_vector_unit(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  if (__builtin_cpu_supports("avx2")) return "avx2";
  return "sse2";
#elif defined(__aarch64__)
  return "neon";
#else
  return "scalar";
#endif
}

PLAIN_VARIANTS void plain_load(const void *from, plain_type type, size_t count, float *to) {
  if (type == PLAIN_F32) {
    memcpy(to, from, count * sizeof(float));
  } else {
    const uint16_t *source = from;
    for (size_t i = 0; i < count; i++) to[i] = plain_from_bf16(source[i]);
  }
}

PLAIN_VARIANTS void plain_store(const float *from, plain_type type, size_t count, void *to) {
  if (type == PLAIN_F32) {
    memcpy(to, from, count * sizeof(float));
  } else {
    uint16_t *target = to;
    for (size_t i = 0; i < count; i++) target[i] = plain_to_bf16(from[i]);
  }
}

void plain_from_planes(const float *from, size_t plane, size_t count, size_t channels,
                       plain_type type, void *to) {
  for (size_t i = 0; i < count; i++) {
    for (size_t c = 0; c < channels; c++) {
      plain_write(to, type, i * channels + c, from[c * plane + i]);
    }
  }
}

void plain_to_planes(const void *from, plain_type type, size_t count, size_t channels, float *to,
                     size_t plane) {
  for (size_t i = 0; i < count; i++) {
    for (size_t c = 0; c < channels; c++) {
      to[c * plane + i] = plain_read(from, type, i * channels + c);
    }
  }
}

PLAIN_VARIANTS void plain_channel_sums(const void *x, plain_type type, size_t count,
                                       size_t channels, double *sums) {
  double *squares = sums + channels;
  for (size_t c = 0; c < 2 * channels; c++) sums[c] = 0;
  for (size_t i = 0; i < count; i++) {
    if (type == PLAIN_F32) {
      const float *row = (const float *)x + i * channels;
      for (size_t c = 0; c < channels; c++) {
        double value = row[c];
        sums[c] += value;
        squares[c] += value * value;
      }
    } else {
      const uint16_t *row = (const uint16_t *)x + i * channels;
      for (size_t c = 0; c < channels; c++) {
        double value = plain_from_bf16(row[c]);
        sums[c] += value;
        squares[c] += value * value;
      }
    }
  }
}

PLAIN_VARIANTS void plain_apply(float *x, size_t count, plain_function f) {
  if (f == PLAIN_SILU) {
    for (size_t i = 0; i < count; i++) x[i] = plain_function_of(x[i], PLAIN_SILU);
  } else if (f == PLAIN_RELU) {
    for (size_t i = 0; i < count; i++) x[i] = plain_function_of(x[i], PLAIN_RELU);
  }
}

PLAIN_VARIANTS void plain_affine(float *x, size_t channels, const float *scale, const float *shift,
                                 plain_function f) {
  if (f == PLAIN_SILU) {
    for (size_t c = 0; c < channels; c++) {
      x[c] = plain_function_of(x[c] * scale[c] + shift[c], PLAIN_SILU);
    }
  } else {
    for (size_t c = 0; c < channels; c++) x[c] = x[c] * scale[c] + shift[c];
    plain_apply(x, channels, f);
  }
}

PLAIN_VARIANTS void plain_rms(float *x, size_t channels, float epsilon, const float *scale,
                              const float *shift, plain_function f) {
  // Sixteen sums side by side, so that the loop vectorises in an order that is the same everywhere.
  float parts[16] = {0};
  size_t c = 0;
  for (; c + 16 <= channels; c += 16) {
    for (size_t i = 0; i < 16; i++) parts[i] += x[c + i] * x[c + i];
  }
  double sum = 0;
  for (size_t i = 0; i < 16; i++) sum += parts[i];
  for (; c < channels; c++) sum += (double)x[c] * x[c];
  float inverse = (float)(1.0 / sqrt(sum / (double)channels + epsilon));
  for (size_t i = 0; i < channels; i++) x[i] = x[i] * inverse * scale[i] + shift[i];
  plain_apply(x, channels, f);
}

PLAIN_VARIANTS void plain_finish(float *sums, size_t channels, const float *bias,
                                 plain_function f, float epsilon, const float *scale,
                                 const float *shift, int residual, plain_type type, void *out) {
  if (bias) {
    for (size_t c = 0; c < channels; c++) sums[c] += bias[c];
  }
  plain_apply(sums, channels, f);
  if (scale) plain_rms(sums, channels, epsilon, scale, shift, PLAIN_NONE);
  if (residual && type == PLAIN_F32) {
    const float *row = out;
    for (size_t c = 0; c < channels; c++) sums[c] += row[c];
  } else if (residual) {
    const uint16_t *row = out;
    for (size_t c = 0; c < channels; c++) sums[c] += plain_from_bf16(row[c]);
  }
  plain_store(sums, type, channels, out);
}

PLAIN_VARIANTS void plain_panels_of_rows(const void *x, plain_type type, size_t count,
                                         size_t channels, float *to) {
  const size_t width = plain_panel_width;
  for (size_t first = 0; first < count; first += width, to += channels * width) {
    size_t used = count - first < width ? count - first : width;
    for (size_t c = 0; c < channels; c++) {
      for (size_t j = 0; j < used; j++) {
        to[c * width + j] = plain_read(x, type, (first + j) * channels + c);
      }
      for (size_t j = used; j < width; j++) to[c * width + j] = 0;
    }
  }
}

PLAIN_VARIANTS void plain_panels_of_columns(const void *x, plain_type type, size_t count,
                                            size_t channels, float *to) {
  const size_t width = plain_panel_width;
  for (size_t first = 0; first < channels; first += width, to += count * width) {
    size_t used = channels - first < width ? channels - first : width;
    for (size_t i = 0; i < count; i++) {
      for (size_t j = 0; j < used; j++) {
        to[i * width + j] = plain_read(x, type, i * channels + first + j);
      }
      for (size_t j = used; j < width; j++) to[i * width + j] = 0;
    }
  }
}

PLAIN_VARIANTS void plain_pair_panels_of_columns(const void *x, size_t count, size_t channels,
                                                 void *to) {
  const size_t width = plain_panel_width;
  const uint16_t *rows = x;
  uint16_t *pairs = to;
  for (size_t first = 0; first < channels; first += width) {
    const size_t used = channels - first < width ? channels - first : width;
    for (size_t i = 0; i < count; i += 2, pairs += 2 * width) {
      const uint16_t *row = rows + i * channels + first;
      const int has_next = i + 1 < count;
      for (size_t j = 0; j < used; j++) {
        pairs[2 * j] = row[j];
        pairs[2 * j + 1] = has_next ? row[channels + j] : 0;
      }
      for (size_t j = 2 * used; j < 2 * width; j++) pairs[j] = 0;
    }
  }
}

PLAIN_VARIANTS void plain_scale(float *x, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

PLAIN_VARIANTS float plain_softmax_step(float *scores, size_t count, float scale, float *maximum,
                                        float *sum) {
  float highest = *maximum;
  for (size_t i = 0; i < count; i++) {
    scores[i] *= scale;
    highest = scores[i] > highest ? scores[i] : highest;
  }
  float correction = plain_exp(*maximum - highest);
  for (size_t i = 0; i < count; i++) scores[i] = plain_exp(scores[i] - highest);
  double total = 0;
  for (size_t i = 0; i < count; i++) total += scores[i];
  *sum = (float)(*sum * correction + total);
  *maximum = highest;
  return correction;
}

PLAIN_VARIANTS void plain_gated_silu(const void *x, plain_type type, size_t count, size_t half,
                                     void *out) {
  for (size_t i = 0; i < count; i++) {
    size_t at = 2 * i * half;
    if (type == PLAIN_F32) {
      const float *row = (const float *)x + at;
      float *to = (float *)out + i * half;
      for (size_t c = 0; c < half; c++) to[c] = row[c] * plain_function_of(row[half + c], PLAIN_SILU);
    } else {
      const uint16_t *row = (const uint16_t *)x + at;
      uint16_t *to = (uint16_t *)out + i * half;
      for (size_t c = 0; c < half; c++) {
        float gate = plain_function_of(plain_from_bf16(row[half + c]), PLAIN_SILU);
        to[c] = plain_to_bf16(plain_from_bf16(row[c]) * gate);
      }
    }
  }
}
