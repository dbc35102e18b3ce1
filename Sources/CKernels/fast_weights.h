// The weight transform, for a panel of output channels at a time.

enum { most_taps = 3 };

FAST_INLINE void transform_weight(const fast_weight_tiles *p, const vec taps[most_taps][9],
                                  float *out) {
  for (size_t set = 0; set < p->sets; set++, out += p->set_step) {
    vec g[9];
    FAST_UNROLL for (int i = 0; i < 9; i++) g[i] = vec_of(0.0f);
    for (size_t t = 0; t < p->taps; t++) {
      const vec factor = vec_of(p->time[set * p->taps + t]);
      FAST_UNROLL for (int i = 0; i < 9; i++) g[i] = taps[t][i] * factor + g[i];
    }
    for (size_t y = 0; y < p->points; y++) {
      const float *row = p->space + 3 * y;
      vec h[3];
      FAST_UNROLL for (int x = 0; x < 3; x++)
          h[x] = row[0] * g[x] + row[1] * g[3 + x] + row[2] * g[6 + x];
      for (size_t x = 0; x < p->points; x++) {
        const float *column = p->space + 3 * x;
        vec_stream(out + p->places[y * p->points + x],
                   column[0] * h[0] + column[1] * h[1] + column[2] * h[2]);
      }
    }
  }
}

static void transform_weights(const fast_weight_tiles *p) {
  const size_t kernel = p->taps * 9;
  for (size_t i = 0; i < p->ins; i++) {
    for (size_t lane = 0; lane < p->width; lane += FAST_WIDTH) {
      vec taps[most_taps][9] = {0};
      for (size_t o = lane; o < lane + FAST_WIDTH && o < p->outs; o++) {
        const float *w = p->weights + ((p->first_out + o) * p->inputs + p->first_in + i) * kernel;
        for (size_t k = 0; k < kernel; k++) ((float *)&taps[k / 9][k % 9])[o - lane] = w[k];
      }
      transform_weight(p, taps, p->out + i * p->width + lane);
    }
  }
  vec_end_stream();
}
