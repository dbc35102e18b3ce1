// Rows on the way in and out of a convolution.

FAST_INLINE size_t width_left(size_t channels, size_t c) {
  return channels - c < FAST_WIDTH ? channels - c : FAST_WIDTH;
}

FAST_INLINE size_t bytes_of(plain_type type) { return type == PLAIN_F32 ? 4 : 2; }

// 1 / sqrt(mean square + epsilon) from vectors of squares.
FAST_INLINE vec inverse_rms(vec squares, size_t channels, float epsilon) {
  return vec_of(1.0f / sqrtf(vec_sum(squares) / (float)channels + epsilon));
}

FAST_INLINE vec load_vector(const char *x, size_t next, size_t width, const plain_type type,
                            vec scale, vec shift, const int has_norm, const plain_function f) {
  __builtin_prefetch(x + next);
  vec v = vec_load_stored(x, type, width);
  if (has_norm) v = v * scale + shift;
  return vec_apply(v, f);
}

// Rows of one line: all that they share stays in registers.
FAST_INLINE void load_narrow(const fast_input *p, const char *x, size_t count, float *out,
                             size_t row_step, const plain_type type, const plain_type to,
                             const int has_norm, const plain_function f, const int is_whole) {
  enum { vectors = fast_lane_count / FAST_WIDTH };
  const size_t next = p->next, step = p->row_step * bytes_of(type);
  vec scale[vectors], shift[vectors];
  size_t width[vectors];
  FAST_UNROLL for (size_t i = 0; i < vectors; i++) {
    const size_t c = i * FAST_WIDTH;
    width[i] = is_whole ? FAST_WIDTH : c < p->channels ? width_left(p->channels, c) : 0;
    scale[i] = has_norm ? vec_load_part(p->scale + c, width[i]) : vec_of(0.0f);
    shift[i] = has_norm ? vec_load_part(p->shift + c, width[i]) : vec_of(0.0f);
  }
  for (const float *end = out + count * row_step; out < end; x += step, out += row_step) {
    FAST_UNROLL for (size_t i = 0; i < vectors; i++) {
      const size_t c = i * FAST_WIDTH;
      const vec v = load_vector(x + c * bytes_of(type), next, width[i], type, scale[i], shift[i],
                                has_norm, f);
      vec_store_stored((char *)out + c * bytes_of(to), to, FAST_WIDTH, v);
    }
  }
}

FAST_INLINE void load_with(const fast_input *p, const char *x, size_t count, float *out,
                           size_t row_step, size_t line_step, const plain_type type,
                           const plain_type to, const int has_norm, const plain_function f) {
  const size_t channels = p->channels, padded = fast_padded(channels);
  if (channels == fast_lane_count) {
    return load_narrow(p, x, count, out, row_step, type, to, has_norm, f, 1);
  }
  if (channels < fast_lane_count) {
    return load_narrow(p, x, count, out, row_step, type, to, has_norm, f, 0);
  }
  const size_t next = p->next, step = p->row_step * bytes_of(type);
  // Values in a line, of which bfloat16 takes half a float's place.
  const size_t line = fast_lane_count * 4 / bytes_of(to);
  const size_t whole = channels / line * line;
  const float *scales = p->scale, *shifts = p->shift;
  const vec none = {0};
  for (size_t r = 0; r < count; r++, x += step, out += row_step) {
    char *target = (char *)out;
    for (size_t start = 0; start < whole; start += line, target += 4 * line_step) {
      FAST_UNROLL for (size_t i = 0; i < line; i += FAST_WIDTH) {
        const size_t c = start + i;
        const vec scale = has_norm ? vec_load(scales + c) : none;
        const vec shift = has_norm ? vec_load(shifts + c) : none;
        const vec v =
            load_vector(x + c * bytes_of(type), next, FAST_WIDTH, type, scale, shift, has_norm, f);
        vec_store_stored(target + i * bytes_of(to), to, FAST_WIDTH, v);
      }
    }
    for (size_t c = whole; c < padded; c += FAST_WIDTH) {
      vec v = none;
      if (c < channels) {
        const size_t width = width_left(channels, c);
        const vec scale = has_norm ? vec_load_part(scales + c, width) : none;
        const vec shift = has_norm ? vec_load_part(shifts + c, width) : none;
        v = load_vector(x + c * bytes_of(type), next, width, type, scale, shift, has_norm, f);
      }
      vec_store_stored(target + (c - whole) * bytes_of(to), to, FAST_WIDTH, v);
    }
  }
}

static void load_rms(const fast_input *p, const void *from, size_t count, float *out,
                     size_t row_step, size_t line_step) {
  const size_t channels = p->channels, padded = fast_padded(channels);
  const char *x = from;
  for (size_t r = 0; r < count; r++, x += p->row_step * bytes_of(p->type), out += row_step) {
    vec squares = {0};
    for (size_t c = 0; c < padded; c += FAST_WIDTH) {
      const size_t width = c < channels ? width_left(channels, c) : 0;
      const vec v = vec_load_stored(x + c * bytes_of(p->type), p->type, width);
      vec_store(out + in_lines(c, line_step), v);
      squares = v * v + squares;
    }
    const vec inverse = inverse_rms(squares, channels, p->epsilon);
    for (size_t c = 0; c < channels; c += FAST_WIDTH) {
      const size_t width = width_left(channels, c);
      float *to = out + in_lines(c, line_step);
      vec v = vec_load(to) * inverse * vec_load_part(p->scale + c, width) +
              vec_load_part(p->shift + c, width);
      vec_store(to, vec_apply(v, p->function));
    }
  }
}

// The common cases are compiled apart, so that nothing is decided in their inner loops.
FAST_INLINE void load_of(const fast_input *p, const void *from, size_t count, float *out,
                         size_t row_step, size_t line_step, const plain_type type,
                         const plain_type to) {
  const int has_norm = p->scale != 0;
  if (has_norm && p->function == PLAIN_SILU) {
    load_with(p, from, count, out, row_step, line_step, type, to, 1, PLAIN_SILU);
  } else if (!has_norm && p->function == PLAIN_NONE) {
    load_with(p, from, count, out, row_step, line_step, type, to, 0, PLAIN_NONE);
  } else {
    load_with(p, from, count, out, row_step, line_step, type, to, has_norm, p->function);
  }
}

static void load(const fast_input *p, const void *from, size_t count, float *out, size_t row_step,
                 size_t line_step) {
  if (p->is_rms) {
    load_rms(p, from, count, out, row_step, line_step);
  } else if (p->type == PLAIN_F32) {
    load_of(p, from, count, out, row_step, line_step, PLAIN_F32, PLAIN_F32);
  } else if (p->to == PLAIN_F32) {
    load_of(p, from, count, out, row_step, line_step, PLAIN_BF16, PLAIN_F32);
  } else {
    load_of(p, from, count, out, row_step, line_step, PLAIN_BF16, PLAIN_BF16);
  }
}

// Bias, function and RMS norm of one row, in place.
FAST_INLINE void finish_norm(const fast_output *p, float *row, size_t line_step) {
  vec squares = {0};
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    const size_t width = width_left(p->channels, c);
    float *x = row + in_lines(c, line_step);
    vec v = vec_load_part(x, width);
    if (p->bias) v = v + vec_load_part(p->bias + c, width);
    v = vec_apply(v, p->function);
    vec_store(x, v);
    squares = v * v + squares;
  }
  const vec inverse = inverse_rms(squares, p->channels, p->epsilon);
  for (size_t c = 0; c < p->channels; c += FAST_WIDTH) {
    const size_t width = width_left(p->channels, c);
    float *x = row + in_lines(c, line_step);
    vec v = vec_load(x) * inverse * vec_load_part(p->scale + c, width) +
            vec_load_part(p->shift + c, width);
    vec_store(x, v);
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

// Adds `count` finished vectors, first to each other: sums that wait for one another take long.
FAST_INLINE void add_finished(finish_sums *sums, const vec *v, const int count) {
  vec total = v[0], squares = v[0] * v[0];
  FAST_UNROLL for (int i = 1; i < count; i++) {
    total = total + v[i];
    squares = v[i] * v[i] + squares;
  }
  sums->total = sums->total + total;
  sums->squares = sums->squares + squares;
}

// Finishes the first `width` sums of `v` and stores them; returns what the statistics are of.
FAST_INLINE vec finish_vector(vec v, vec bias, char *to, const size_t width, const plain_type type,
                              const int adds_residual, const plain_function f, int streams) {
  v = vec_apply(v + bias, f);
  if (adds_residual) v = v + vec_load_stored(to, type, width);
  if (type == PLAIN_F32 && !adds_residual && width == FAST_WIDTH && streams) {
    vec_stream((float *)to, v);
  } else {
    vec_store_stored(to, type, width, v);
  }
  return type == PLAIN_F32 ? v : vec_load_stored(to, type, width);
}

// Finishes one vector of columns, `width` of them, of all rows.
FAST_INLINE void finish_column(const fast_output *p, const float *rows, size_t row_step, size_t count,
                               size_t c, char *to, double *sums, double *squares, const size_t width,
                               const plain_type type, const int adds_residual, const int has_sums,
                               const plain_function f) {
  const vec bias = p->bias && !p->scale ? vec_load_part(p->bias + c, width) : vec_of(0.0f);
  const size_t row_bytes = p->row_step * bytes_of(type);
  finish_sums all = {0};
  for (size_t r = 0; r < count; r++, rows += row_step, to += row_bytes) {
    const vec v =
        finish_vector(vec_load(rows), bias, to, width, type, adds_residual, f, p->streams);
    if (has_sums) add_finished(&all, &v, 1);
  }
  if (has_sums) {
    add_to_doubles(sums + c, all.total, width);
    add_to_doubles(squares + c, all.squares, width);
  }
}

FAST_INLINE void finish_with(const fast_output *p, const float *rows, size_t row_step,
                             size_t line_step, size_t count, void *out, double *sums, double *squares,
                             const plain_type type, const int adds_residual, const int has_sums,
                             const plain_function f) {
  char *to = out;
  size_t c = 0;
  for (; c + FAST_WIDTH <= p->channels; c += FAST_WIDTH) {
    finish_column(p, rows + in_lines(c, line_step), row_step, count, c, to + c * bytes_of(type),
                  sums, squares, FAST_WIDTH, type, adds_residual, has_sums, f);
  }
  if (c < p->channels) {
    finish_column(p, rows + in_lines(c, line_step), row_step, count, c, to + c * bytes_of(type),
                  sums, squares, p->channels - c, type, adds_residual, has_sums, f);
  }
}

static void finish(const fast_output *p, float *rows, size_t row_step, size_t line_step,
                   size_t count, void *out, double *sums, double *squares) {
  plain_function f = p->function;
  if (p->scale) {
    for (size_t r = 0; r < count; r++) finish_norm(p, rows + r * row_step, line_step);
    f = PLAIN_NONE;
  }
  if (p->type == PLAIN_F32 && f == PLAIN_NONE && sums) {
    if (p->adds_residual) {
      finish_with(p, rows, row_step, line_step, count, out, sums, squares, PLAIN_F32, 1, 1, PLAIN_NONE);
    } else {
      finish_with(p, rows, row_step, line_step, count, out, sums, squares, PLAIN_F32, 0, 1, PLAIN_NONE);
    }
  } else if (p->type == PLAIN_F32) {
    finish_with(p, rows, row_step, line_step, count, out, sums, squares, PLAIN_F32, p->adds_residual,
                sums != 0, f);
  } else {
    finish_with(p, rows, row_step, line_step, count, out, sums, squares, PLAIN_BF16, p->adds_residual,
                sums != 0, f);
  }
}
