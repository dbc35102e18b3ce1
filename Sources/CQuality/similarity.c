#include "CQuality.h"

enum { lanes = 4, maps = 4, radius = cq_window / 2 };

// Four lanes are a register on every x86-64 and arm64 CPU; loads need no alignment.
typedef float vec __attribute__((vector_size(16)));
typedef float vec_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

static inline vec load(const float *p) { return *(const vec_unaligned *)p; }
static inline void store(float *p, vec v) { *(vec_unaligned *)p = v; }

// exp(-k² / (2 · 1.5²)) for k = 0...5, over the sum of all 11.
static const float tap[radius + 1] = {0.26601172f, 0.21300554f, 0.10936069f,
                                      0.03600077f, 0.00759876f, 0.00102838f};

static size_t row_stride(size_t width) { return (width + cq_slack) / lanes * lanes; }

size_t cq_scratch(size_t width) { return row_stride(width) * (2 + maps * cq_window); }

// One row filtered along x; `count` outputs, rounded up to whole vectors.
static void filter_row(const float *in, size_t count, float *out) {
  for (size_t x = 0; x < count; x += lanes) {
    const float *p = in + x + radius;
    vec sum = load(p) * tap[0];
    for (int k = 1; k <= radius; k++) sum += (load(p - k) + load(p + k)) * tap[k];
    store(out + x, sum);
  }
}

// Eleven rows filtered along y at column x.
static inline vec filter_column(const float *const rows[cq_window], size_t x) {
  vec sum = load(rows[radius] + x) * tap[0];
  for (int k = 1; k <= radius; k++)
    sum += (load(rows[radius - k] + x) + load(rows[radius + k] + x)) * tap[k];
  return sum;
}

// Similarity and contrast of one row of `count` positions, from the rows of each filtered map.
static cq_similarity compare_row(const float *const rows[maps][cq_window], size_t count) {
  const float c1 = (0.01f * 255) * (0.01f * 255), c2 = (0.03f * 255) * (0.03f * 255);
  vec similarity = {0}, contrast = {0};
  for (size_t x = 0; x < count; x += lanes) {
    const vec a = filter_column(rows[0], x), b = filter_column(rows[1], x);
    const vec variance = filter_column(rows[2], x) - (a * a + b * b);
    const vec covariance = filter_column(rows[3], x) - a * b;
    const vec mean_a = a + 128, mean_b = b + 128;
    const vec structure = (2 * covariance + c2) / (variance + c2);
    const vec luminance =
        (2 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1);
    vec mask = {1, 1, 1, 1};
    for (size_t i = 0; i < lanes && x + lanes > count; i++)
      if (x + i >= count) mask[i] = 0;
    // Lanes beyond the row hold finite values: the buffers' slack is never left unset.
    contrast += mask * structure;
    similarity += mask * structure * luminance;
  }
  cq_similarity sums = {0, 0};
  for (int i = 0; i < lanes; i++) {
    sums.similarity += similarity[i];
    sums.contrast += contrast[i];
  }
  return sums;
}

cq_similarity cq_compare(const float *a, const float *b, size_t width, size_t height,
                         float *scratch) {
  const size_t stride = row_stride(width), columns = width - 2 * radius;
  float *const squares = scratch, *const products = scratch + stride;
  float *const ring = products + stride;  // [map][row % 11][x]
  cq_similarity sums = {0, 0};
  for (size_t y = 0; y < height; y++) {
    const float *row_a = a + y * width, *row_b = b + y * width;
    for (size_t x = 0; x < stride; x += lanes) {
      const vec va = load(row_a + x), vb = load(row_b + x);
      store(squares + x, va * va + vb * vb);
      store(products + x, va * vb);
    }
    const float *sources[maps] = {row_a, row_b, squares, products};
    for (int m = 0; m < maps; m++)
      filter_row(sources[m], columns, ring + (m * cq_window + y % cq_window) * stride);
    if (y + 1 < cq_window) continue;
    const float *rows[maps][cq_window];
    for (int m = 0; m < maps; m++)
      for (size_t k = 0; k < cq_window; k++)
        rows[m][k] = ring + (m * cq_window + (y + 1 + k) % cq_window) * stride;
    const cq_similarity row = compare_row(rows, columns);
    sums.similarity += row.similarity;
    sums.contrast += row.contrast;
  }
  return sums;
}

void cq_halve(const float *in, size_t width, size_t height, float *out) {
  const size_t half = width / 2;
  for (size_t y = 0; y < height / 2; y++) {
    const float *top = in + 2 * y * width, *bottom = top + width;
    for (size_t x = 0; x < half; x++)
      out[y * half + x] =
          0.25f * ((top[2 * x] + top[2 * x + 1]) + (bottom[2 * x] + bottom[2 * x + 1]));
  }
}

void cq_centre(const uint8_t *in, size_t count, float *out) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i] - 128;
}
