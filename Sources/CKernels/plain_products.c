// Sums of products: convolution and matrix rows, depthwise rows, linear attention.

#include "plain_common.h"

// Sixteen floats: one AVX-512 register, two of AVX2, four of SSE or NEON.
typedef float vector __attribute__((vector_size(64), aligned(4)));

PLAIN_INLINE void multiply_rows(const size_t rows, const float *a, size_t a_step,
                                const size_t *taps, size_t tap_count, size_t depth,
                                const float *panel, float *out, size_t out_step, int accumulate) {
  vector sums[8][2];
  for (size_t r = 0; r < rows; r++) {
    sums[r][0] = accumulate ? *(const vector *)(out + r * out_step) : (vector){0};
    sums[r][1] = accumulate ? *(const vector *)(out + r * out_step + 16) : (vector){0};
  }
  for (size_t tap = 0; tap < tap_count; tap++) {
    const float *row = a + taps[tap];
    for (size_t d = 0; d < depth; d++, panel += plain_panel_width) {
      vector left = *(const vector *)panel, right = *(const vector *)(panel + 16);
      for (size_t r = 0; r < rows; r++) {
        float factor = row[r * a_step + d];
        sums[r][0] += factor * left;
        sums[r][1] += factor * right;
      }
    }
  }
  for (size_t r = 0; r < rows; r++) {
    *(vector *)(out + r * out_step) = sums[r][0];
    *(vector *)(out + r * out_step + 16) = sums[r][1];
  }
}

PLAIN_VARIANTS void plain_multiply(const float *a, size_t a_step, size_t rows, const size_t *taps,
                                   size_t tap_count, size_t depth, const float *panel, float *out,
                                   size_t out_step, int accumulate) {
  size_t r = 0;
  for (; r + 6 <= rows; r += 6) {
    multiply_rows(6, a + r * a_step, a_step, taps, tap_count, depth, panel, out + r * out_step,
                  out_step, accumulate);
  }
  for (; r + 2 <= rows; r += 2) {
    multiply_rows(2, a + r * a_step, a_step, taps, tap_count, depth, panel, out + r * out_step,
                  out_step, accumulate);
  }
  for (; r < rows; r++) {
    multiply_rows(1, a + r * a_step, a_step, taps, tap_count, depth, panel, out + r * out_step,
                  out_step, accumulate);
  }
}

// `width` vectors of channels, all taps.
PLAIN_INLINE void depthwise_channels(const size_t width, const float *a, const size_t *taps,
                                     size_t tap_count, const float *weights, float *out) {
  vector sums[4];
  for (size_t i = 0; i < width; i++) sums[i] = (vector){0};
  for (size_t tap = 0; tap < tap_count; tap++) {
    const float *row = a + taps[tap], *weight = weights + tap * plain_depthwise_block;
    for (size_t i = 0; i < width; i++) {
      sums[i] += *(const vector *)(row + 16 * i) * *(const vector *)(weight + 16 * i);
    }
  }
  for (size_t i = 0; i < width; i++) *(vector *)(out + 16 * i) = sums[i];
}

PLAIN_VARIANTS void plain_depthwise(const float *a, size_t a_step, size_t rows, const size_t *taps,
                                    size_t tap_count, const float *weights, float *out,
                                    size_t out_step) {
  for (size_t r = 0; r < rows; r++) {
    depthwise_channels(4, a + r * a_step, taps, tap_count, weights, out + r * out_step);
  }
}

// Positions of linear attention handled at a time, so that copies of keys and values stay in L1.
enum { linear_run = 64 };

PLAIN_INLINE void linear_state(const void *x, plain_type type, size_t count, size_t heads,
                               size_t dim, float *state) {
  const size_t width = plain_panel_width, size = width * width + width, start = 0;
  float keys[plain_panel_width * linear_run], values[linear_run * plain_panel_width] = {0};
  memset(state, 0, heads * size * sizeof(float));
  for (size_t first = 0; first < count; first += linear_run) {
    size_t run = count - first < linear_run ? count - first : linear_run;
    for (size_t h = 0; h < heads; h++) {
      float *products = state + h * size, *sums = products + width * width;
      for (size_t r = 0; r < run; r++) {
        size_t at = ((first + r) * heads + h) * 3 * dim;
        for (size_t d = 0; d < dim; d++) {
          values[r * width + d] = plain_read(x, type, at + 2 * dim + d);
          float key = plain_function_of(plain_read(x, type, at + dim + d), PLAIN_RELU);
          keys[d * linear_run + r] = key;
          sums[d] += key;
        }
      }
      plain_multiply(keys, linear_run, dim, &start, 1, run, values, products, width, 1);
    }
  }
}

PLAIN_VARIANTS void plain_linear_attention_state(const void *x, plain_type type, size_t count,
                                                 size_t heads, size_t dim, float *state) {
  if (type == PLAIN_F32) {
    linear_state(x, PLAIN_F32, count, heads, dim, state);
  } else {
    linear_state(x, PLAIN_BF16, count, heads, dim, state);
  }
}

PLAIN_INLINE void linear_apply(const void *x, plain_type type, size_t count, size_t heads,
                               size_t dim, const float *state, void *out, size_t out_row) {
  const size_t width = plain_panel_width, size = width * width + width, start = 0;
  float queries[linear_run * plain_panel_width] = {0}, results[linear_run * plain_panel_width];
  for (size_t first = 0; first < count; first += linear_run) {
    size_t run = count - first < linear_run ? count - first : linear_run;
    for (size_t h = 0; h < heads; h++) {
      const float *products = state + h * size, *sums = products + width * width;
      for (size_t r = 0; r < run; r++) {
        size_t at = ((first + r) * heads + h) * 3 * dim;
        for (size_t d = 0; d < dim; d++) {
          queries[r * width + d] = plain_function_of(plain_read(x, type, at + d), PLAIN_RELU);
        }
      }
      plain_multiply(queries, width, run, &start, 1, dim, products, results, width, 0);
      for (size_t r = 0; r < run; r++) {
        const float *query = queries + r * width;
        vector parts = *(const vector *)query * *(const vector *)sums +
                       *(const vector *)(query + 16) * *(const vector *)(sums + 16);
        double weight = 1e-15;
        for (size_t i = 0; i < 16; i++) weight += parts[i];
        float factor = (float)(1.0 / weight);
        for (size_t d = 0; d < dim; d++) {
          plain_write(out, type, (first + r) * out_row + h * dim + d,
                      results[r * width + d] * factor);
        }
      }
    }
  }
}

PLAIN_VARIANTS void plain_linear_attention_apply(const void *x, plain_type type, size_t count,
                                                 size_t heads, size_t dim, const float *state,
                                                 void *out, size_t out_row) {
  if (type == PLAIN_F32) {
    linear_apply(x, PLAIN_F32, count, heads, dim, state, out, out_row);
  } else {
    linear_apply(x, PLAIN_BF16, count, heads, dim, state, out, out_row);
  }
}
