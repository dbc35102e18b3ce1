// Rows on the way in and out of a convolution.

FAST_INLINE size_t width_left(size_t channels, size_t c) {
  return channels - c < FAST_WIDTH ? channels - c : FAST_WIDTH;
}

FAST_INLINE size_t bytes_of(plain_type type) { return type == PLAIN_F32 ? 4 : 2; }

// 1 / sqrt(mean square + epsilon) of a row.
FAST_INLINE float inverse_rms(const float *x, size_t channels, float epsilon) {
  vec squares = {0};
  for (size_t c = 0; c < channels; c += FAST_WIDTH) {
    vec v = vec_load_part(x + c, width_left(channels, c));
    squares = v * v + squares;
  }
  return 1.0f / sqrtf(vec_sum(squares) / (float)channels + epsilon);
}

FAST_INLINE vec load_vector(const char *x, size_t next, size_t width, const plain_type type,
                            vec scale, vec shift, const int has_norm, const plain_function f) {
  __builtin_prefetch(x + next);
  vec v = vec_load_stored(x, type, width);
  if (has_norm) v = v * scale + shift;
  return vec_apply(v, f);
}

FAST_INLINE void load_with(const fast_input *p, const char *x, size_t count, float *out,
                           size_t out_step, const plain_type type, const plain_type to,
                           const int has_norm, const plain_function f) {
  const size_t channels = p->channels, padded = fast_padded(channels);
  const size_t whole = channels / FAST_WIDTH * FAST_WIDTH, part = channels - whole;
  const vec none = {0};
  const vec part_scale = has_norm ? vec_load_part(p->scale + whole, part) : none;
  const vec part_shift = has_norm ? vec_load_part(p->shift + whole, part) : none;
  // In order of address: a row may be followed by values that the next one overwrites.
  for (size_t r = 0; r < count; r++, x += p->row_step * bytes_of(type), out += out_step) {
    char *row = (char *)out;
    size_t c = 0;
    for (; c < whole; c += FAST_WIDTH) {
      const vec scale = has_norm ? vec_load(p->scale + c) : none;
      const vec shift = has_norm ? vec_load(p->shift + c) : none;
      vec_store_stored(row + c * bytes_of(to), to, FAST_WIDTH,
                       load_vector(x + c * bytes_of(type), p->next, FAST_WIDTH, type, scale, shift,
                                   has_norm, f));
    }
    if (part > 0) {
      vec_store_stored(row + c * bytes_of(to), to, FAST_WIDTH,
                       load_vector(x + c * bytes_of(type), p->next, part, type, part_scale,
                                   part_shift, has_norm, f));
      c += FAST_WIDTH;
    }
    for (; c < padded; c += FAST_WIDTH) {
      vec_store_stored(row + c * bytes_of(to), to, FAST_WIDTH, none);
    }
  }
}

static void load_rms(const fast_input *p, const void *from, size_t count, float *out,
                     size_t out_step) {
  const size_t channels = p->channels, padded = fast_padded(channels);
  for (size_t r = 0; r < count; r++) {
    const char *x = (const char *)from + r * p->row_step * bytes_of(p->type);
    float *to = out + r * out_step;
    for (size_t c = 0; c < padded; c += FAST_WIDTH) {
      const size_t width = c < channels ? width_left(channels, c) : 0;
      vec_store(to + c, vec_load_stored(x + c * bytes_of(p->type), p->type, width));
    }
    const vec inverse = vec_of(inverse_rms(to, channels, p->epsilon));
    for (size_t c = 0; c < channels; c += FAST_WIDTH) {
      const size_t width = width_left(channels, c);
      vec v = vec_load(to + c) * inverse * vec_load_part(p->scale + c, width) +
              vec_load_part(p->shift + c, width);
      vec_store(to + c, vec_apply(v, p->function));
    }
  }
}

// The common cases are compiled apart, so that nothing is decided in their inner loops.
FAST_INLINE void load_of(const fast_input *p, const void *from, size_t count, float *out,
                         size_t out_step, const plain_type type, const plain_type to) {
  const int has_norm = p->scale != 0;
  if (has_norm && p->function == PLAIN_SILU) {
    load_with(p, from, count, out, out_step, type, to, 1, PLAIN_SILU);
  } else if (!has_norm && p->function == PLAIN_NONE) {
    load_with(p, from, count, out, out_step, type, to, 0, PLAIN_NONE);
  } else {
    load_with(p, from, count, out, out_step, type, to, has_norm, p->function);
  }
}

static void load(const fast_input *p, const void *from, size_t count, float *out,
                 size_t out_step) {
  if (p->is_rms) {
    load_rms(p, from, count, out, out_step);
  } else if (p->type == PLAIN_F32) {
    load_of(p, from, count, out, out_step, PLAIN_F32, PLAIN_F32);
  } else if (p->to == PLAIN_F32) {
    load_of(p, from, count, out, out_step, PLAIN_BF16, PLAIN_F32);
  } else {
    load_of(p, from, count, out, out_step, PLAIN_BF16, PLAIN_BF16);
  }
}

// Bias, function and RMS norm of one row, in place.
FAST_INLINE void finish_norm(const fast_output *p, float *row) {
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    const size_t width = width_left(p->channels, c);
    vec v = vec_load(row + c);
    if (p->bias) v = v + vec_load_part(p->bias + c, width);
    vec_store(row + c, vec_apply(v, p->function));
  }
  const vec inverse = vec_of(inverse_rms(row, p->channels, p->epsilon));
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    const size_t width = width_left(p->channels, c);
    vec v = vec_load(row + c) * inverse * vec_load_part(p->scale + c, width) +
            vec_load_part(p->shift + c, width);
    vec_store(row + c, v);
  }
}

FAST_INLINE void add_to_doubles(double *sums, vec v, size_t width) {
  if (width == FAST_WIDTH) {
    loose_double_vec *to = (loose_double_vec *)sums;
    *to = *to + __builtin_convertvector(v, double_vec);
  } else {
    for (size_t i = 0; i < width; i++) sums[i] += v[i];
  }
}

// Sums of finished values and of their squares.
typedef struct {
  vec total, squares;
} finish_sums;

// Finishes the first `width` sums of `v` and stores them.
FAST_INLINE void finish_vector(vec v, vec bias, char *to, finish_sums *sums, const size_t width,
                               const plain_type type, const int adds_residual, const int has_sums,
                               const plain_function f) {
  v = vec_apply(v + bias, f);
  if (adds_residual) v = v + vec_load_stored(to, type, width);
  vec_store_stored(to, type, width, v);
  if (has_sums) {
    // The statistics are those of the stored values.
    if (type != PLAIN_F32) v = vec_load_stored(to, type, width);
    sums->total = sums->total + v;
    sums->squares = v * v + sums->squares;
  }
}

// Finishes one vector of columns, `width` of them, of all rows.
FAST_INLINE void finish_column(const fast_output *p, const float *rows, size_t step, size_t count,
                               size_t c, char *to, double *sums, const size_t width,
                               const plain_type type, const int adds_residual, const int has_sums,
                               const plain_function f) {
  const vec bias = p->bias && !p->scale ? vec_load_part(p->bias + c, width) : vec_of(0.0f);
  const size_t row_bytes = p->row_step * bytes_of(type);
  finish_sums all = {0};
  for (size_t r = 0; r < count; r++, rows += step, to += row_bytes) {
    finish_vector(vec_load(rows), bias, to, &all, width, type, adds_residual, has_sums, f);
  }
  if (has_sums) {
    add_to_doubles(sums + c, all.total, width);
    add_to_doubles(sums + p->channels + c, all.squares, width);
  }
}

FAST_INLINE void finish_with(const fast_output *p, const float *rows, size_t step, size_t count,
                             void *out, double *sums, const plain_type type,
                             const int adds_residual, const int has_sums,
                             const plain_function f) {
  char *to = out;
  size_t c = 0;
  for (; c + FAST_WIDTH <= p->channels; c += FAST_WIDTH) {
    finish_column(p, rows + c, step, count, c, to + c * bytes_of(type), sums, FAST_WIDTH, type,
                  adds_residual, has_sums, f);
  }
  if (c < p->channels) {
    finish_column(p, rows + c, step, count, c, to + c * bytes_of(type), sums, p->channels - c, type,
                  adds_residual, has_sums, f);
  }
}

static void finish(const fast_output *p, float *rows, size_t step, size_t count, void *out,
                   double *sums) {
  plain_function f = p->function;
  if (p->scale) {
    for (size_t r = 0; r < count; r++) finish_norm(p, rows + r * step);
    f = PLAIN_NONE;
  }
  if (p->type == PLAIN_F32 && f == PLAIN_NONE && sums) {
    if (p->adds_residual) {
      finish_with(p, rows, step, count, out, sums, PLAIN_F32, 1, 1, PLAIN_NONE);
    } else {
      finish_with(p, rows, step, count, out, sums, PLAIN_F32, 0, 1, PLAIN_NONE);
    }
  } else if (p->type == PLAIN_F32) {
    finish_with(p, rows, step, count, out, sums, PLAIN_F32, p->adds_residual, sums != 0, f);
  } else {
    finish_with(p, rows, step, count, out, sums, PLAIN_BF16, p->adds_residual, sums != 0, f);
  }
}

static float softmax_step(float *scores, size_t count, float scale, float *maximum, float *sum) {
  vec top = vec_of(*maximum);
  size_t i = 0;
  for (; i + FAST_WIDTH <= count; i += FAST_WIDTH) {
    vec v = vec_load(scores + i) * scale;
    vec_store(scores + i, v);
    top = vec_max(v, top);
  }
  float largest = top[0];
  for (int j = 1; j < FAST_WIDTH; j++) largest = top[j] > largest ? top[j] : largest;
  for (; i < count; i++) {
    scores[i] *= scale;
    largest = scores[i] > largest ? scores[i] : largest;
  }
  vec total = {0};
  float rest = 0;
  for (i = 0; i + FAST_WIDTH <= count; i += FAST_WIDTH) {
    vec v = vec_exp(vec_load(scores + i) - largest);
    vec_store(scores + i, v);
    total = total + v;
  }
  if (i < count) {
    vec v = vec_load_part(scores + i, count - i);
    v = vec_exp(v - largest);
    for (size_t j = 0; i + j < count; j++) {
      scores[i + j] = v[j];
      rest += v[j];
    }
  }
  const float correction = vec_exp(vec_of(*maximum - largest))[0];
  *sum = *sum * correction + vec_sum(total) + rest;
  *maximum = largest;
  return correction;
}
