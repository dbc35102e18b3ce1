// Depthwise convolution: eight positions by one vector of channels stay in registers.

enum { depthwise_rows = 8 };

FAST_INLINE void depthwise_block(const fast_depthwise *p, size_t first, const int rows, size_t c) {
  vec sums[depthwise_rows];
  FAST_UNROLL for (int r = 0; r < rows; r++) sums[r] = vec_of(0.0f);
  const float *a = p->a + first * p->a_step + c;
  for (size_t tap = 0; tap < p->tap_count; tap++) {
    const vec weight = vec_load(p->weights + tap * p->weight_step + c);
    const float *x = a + p->taps[tap];
    FAST_UNROLL for (int r = 0; r < rows; r++)
        sums[r] = vec_load(x + (size_t)r * p->a_step) * weight + sums[r];
  }
  FAST_UNROLL for (int r = 0; r < rows; r++)
      vec_store(p->out + (first + (size_t)r) * p->out_step + c, sums[r]);
}

static void depthwise(const fast_depthwise *p) {
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    size_t first = 0;
    for (; first + depthwise_rows <= p->rows; first += depthwise_rows) {
      depthwise_block(p, first, depthwise_rows, c);
    }
    for (; first < p->rows; first++) depthwise_block(p, first, 1, c);
  }
}
