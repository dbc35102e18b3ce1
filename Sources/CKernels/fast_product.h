// Products of rows with packed weights: a block of FAST_ROWS rows by one or two vectors of columns
// stays in registers while the sum runs over taps and depth. Pairs of bfloat16 lie in a float's place,
// so that only the product itself differs.

// Compilers reorder a block's loads and sums until the registers no longer hold them, so on x86 these
// are kept in the order in which they are written.
#if defined(__x86_64__) && FAST_WIDTH >= 8
FAST_INLINE vec vec_of_next(const float *x) {
  vec v;
  __asm__ volatile("vbroadcastss %1, %0" : "=v"(v) : "m"(*x));
  return v;
}
FAST_INLINE void vec_add_product(vec *sum, vec a, vec b) {
  __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(*sum) : "v"(a), "v"(b));
}
#else
FAST_INLINE vec vec_of_next(const float *x) { return vec_of(*x); }
FAST_INLINE void vec_add_product(vec *sum, vec a, vec b) { *sum = a * b + *sum; }
#endif

// The same with a value that is used once: read by the product itself it costs no instruction.
FAST_INLINE void vec_add_next_product(vec *sum, const float *x, vec b) {
#if defined(__x86_64__) && FAST_WIDTH == 16
  __asm__ volatile("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(*sum) : "m"(*x), "v"(b));
#else
  vec_add_product(sum, vec_of_next(x), b);
#endif
}

#if defined(FAST_HALVES)
FAST_INLINE void vec_add_pair_product(vec *sum, vec a, vec b) {
  __asm__ volatile("vdpbf16ps %1, %2, %0" : "+v"(*sum) : "v"(a), "v"(b));
}
FAST_INLINE void vec_add_next_pair_product(vec *sum, const float *x, vec b) {
  __asm__ volatile("vdpbf16ps %1%{1to16%}, %2, %0" : "+v"(*sum) : "m"(*x), "v"(b));
}
#endif

// A loop that begins in the middle of a line of code can take a tenth longer.
#if __has_c_attribute(clang::code_align)
#define FAST_ALIGNED_LOOP [[clang::code_align(64)]]
#else
#define FAST_ALIGNED_LOOP
#endif

// What a block asks into the cache while it computes: so many bytes further with each step.
typedef struct {
  const char *a, *b;
  size_t a_step, b_step;
} block_ahead;

// How many steps go on before it asks again, so that it asks for a line of the cache about once.
enum { a_every = FAST_ROWS < 12 ? 4 : 2, b_every = FAST_ROWS < 12 ? 2 : 1 };

// One step of a block: a row of weights times a value of each row.
#define FAST_DEFINE_STEP(NAME, KIND, ROWS, VECTORS)                                              \
  FAST_INLINE void NAME##step_##ROWS##x##VECTORS(vec sums[ROWS][VECTORS], const float *x,        \
                                                 const float *b) {                               \
    vec columns[VECTORS];                                                                        \
    FAST_UNROLL for (int v = 0; v < VECTORS; v++) columns[v] = vec_load(b + v * FAST_WIDTH);     \
    FAST_UNROLL for (int r = 0; r < ROWS; r++) {                                                 \
      if (VECTORS == 1) {                                                                        \
        vec_add_next_##KIND(&sums[r][0], x + r * fast_lane_count, columns[0]);                   \
      } else {                                                                                   \
        const vec value = vec_of_next(x + r * fast_lane_count);                                  \
        FAST_UNROLL for (int v = 0; v < VECTORS; v++)                                            \
            vec_add_##KIND(&sums[r][v], value, columns[v]);                                      \
      }                                                                                          \
    }                                                                                            \
  }

// All offsets from `a` and `out` are constants but for the step between lines, so that a block's inner
// loop computes no addresses. With large weights a block ASKS for what comes next.
#define FAST_DEFINE_BLOCK(NAME, KIND, ROWS, VECTORS, ASKS)                                       \
  static void NAME##ROWS##x##VECTORS##_##ASKS(                                                   \
      const fast_product *p, const float *a, const float *b, size_t b_step, float *out,          \
      size_t vector_step, const block_ahead *ahead) {                                            \
    enum { at_once = 4 };                                                                        \
    vec sums[ROWS][VECTORS];                                                                     \
    const char *ahead_a = ahead->a, *ahead_b = ahead->b;                                         \
    const size_t ahead_a_step = ahead->a_step, ahead_b_step = ahead->b_step;                     \
    if (ASKS) {                                                                                  \
      FAST_UNROLL for (int v = 0; v < VECTORS; v++) FAST_UNROLL for (int r = 0; r < ROWS; r++)   \
          __builtin_prefetch(out + v * vector_step + r * fast_lane_count, 1);                    \
    }                                                                                            \
    FAST_UNROLL for (int v = 0; v < VECTORS; v++) FAST_UNROLL for (int r = 0; r < ROWS; r++)     \
        sums[r][v] = p->accumulates ? vec_load(out + v * vector_step + r * fast_lane_count)      \
                                    : vec_of(0.0f);                                              \
    for (size_t tap = 0; tap < p->tap_count; tap++) {                                            \
      const float *line = a + p->taps[tap];                                                      \
      for (size_t left = p->depth; left > 0; line += p->a_lines.line_step) {                     \
        const size_t depth = left < fast_lane_count ? left : fast_lane_count;                    \
        left -= depth;                                                                           \
        const float *x = line, *end = line + depth;                                              \
        FAST_ALIGNED_LOOP for (; x + at_once <= end; x += at_once) {                             \
          if (ASKS) {                                                                            \
            FAST_UNROLL for (int i = 0; i < at_once; i += a_every)                               \
                __builtin_prefetch(ahead_a + i * ahead_a_step);                                  \
            FAST_UNROLL for (int i = 0; i < at_once; i += b_every)                               \
                __builtin_prefetch(ahead_b + i * ahead_b_step);                                  \
            ahead_a += at_once * ahead_a_step;                                                   \
            ahead_b += at_once * ahead_b_step;                                                   \
          }                                                                                      \
          FAST_UNROLL for (int i = 0; i < at_once; i++, b += b_step)                             \
              NAME##step_##ROWS##x##VECTORS(sums, x + i, b);                                     \
        }                                                                                        \
        for (; x < end; x++, b += b_step) NAME##step_##ROWS##x##VECTORS(sums, x, b);             \
      }                                                                                          \
    }                                                                                            \
    FAST_UNROLL for (int v = 0; v < VECTORS; v++) FAST_UNROLL for (int r = 0; r < ROWS; r++)     \
        vec_store(out + v * vector_step + r * fast_lane_count, sums[r][v]);                      \
  }

#define FAST_DEFINE_ROWS(NAME, KIND, ROWS)                                                       \
  FAST_DEFINE_STEP(NAME, KIND, ROWS, 1)                                                          \
  FAST_DEFINE_STEP(NAME, KIND, ROWS, 2)                                                          \
  FAST_DEFINE_BLOCK(NAME, KIND, ROWS, 1, 0)                                                      \
  FAST_DEFINE_BLOCK(NAME, KIND, ROWS, 2, 0)                                                      \
  FAST_DEFINE_BLOCK(NAME, KIND, ROWS, 2, 1)
#define FAST_ENTRY(NAME, ROWS) {NAME##ROWS##x1_0, NAME##ROWS##x2_0, NAME##ROWS##x2_1}

#if FAST_ROWS == 14
#define FAST_ALL_ROWS(DO, ...)                                                          \
  DO(__VA_ARGS__, 1) DO(__VA_ARGS__, 2) DO(__VA_ARGS__, 3) DO(__VA_ARGS__, 4)           \
  DO(__VA_ARGS__, 5) DO(__VA_ARGS__, 6) DO(__VA_ARGS__, 7) DO(__VA_ARGS__, 8)           \
  DO(__VA_ARGS__, 9) DO(__VA_ARGS__, 10) DO(__VA_ARGS__, 11) DO(__VA_ARGS__, 12)        \
  DO(__VA_ARGS__, 13) DO(__VA_ARGS__, 14)
#else
#define FAST_ALL_ROWS(DO, ...)                                                          \
  DO(__VA_ARGS__, 1) DO(__VA_ARGS__, 2) DO(__VA_ARGS__, 3) DO(__VA_ARGS__, 4)           \
  DO(__VA_ARGS__, 5) DO(__VA_ARGS__, 6)
#endif
#define FAST_LISTED_ENTRY(NAME, ROWS) FAST_ENTRY(NAME, ROWS),

typedef void (*block_function)(const fast_product *, const float *, const float *, size_t, float *,
                               size_t, const block_ahead *);

// Of one vector of columns, of two, of two that ask for what comes next.
enum { one_vector, two_vectors, two_asking, block_kinds };

FAST_ALL_ROWS(FAST_DEFINE_ROWS, block_, product)
static const block_function block_functions[FAST_ROWS][block_kinds] = {
    FAST_ALL_ROWS(FAST_LISTED_ENTRY, block_)};

#if defined(FAST_HALVES)
FAST_ALL_ROWS(FAST_DEFINE_ROWS, pair_block_, pair_product)
static const block_function pair_block_functions[FAST_ROWS][block_kinds] = {
    FAST_ALL_ROWS(FAST_LISTED_ENTRY, pair_block_)};
#endif

// Some of the rows, which a block takes at once.
typedef struct {
  const block_function *functions;  // by kind
  // Where they begin in `a` and `out`.
  size_t a, out;
} block_rows;

// What the products of a batch share.
typedef struct {
  size_t depth, columns, vector_step;
  // What a block asks for meanwhile with each step: of the next product's rows, of the next panel.
  size_t ahead_a_step, ahead_b_step;
  block_rows blocks[32];
  size_t block_count;
} product_plan;

// Cuts rows from `first` on into blocks, all of them or as many as the plan holds; returns how many rows
// these are.
FAST_INLINE size_t plan_blocks(product_plan *plan, const fast_product *p, size_t first,
                               const block_function functions[FAST_ROWS][block_kinds]) {
  enum { most = sizeof plan->blocks / sizeof *plan->blocks };
  const size_t size = p->a_lines.group;
  size_t row = first, group = quotient(first, size);
  plan->block_count = 0;
  for (; row < p->rows && plan->block_count < most; group++) {
    const size_t start = group * size, end = p->rows - start < size ? p->rows : start + size;
    while (row < end && plan->block_count < most) {
      // Blocks of a group are of about equal height, for a short last one would waste the most.
      const size_t left = end - row, blocks = (left + FAST_ROWS - 1) / FAST_ROWS;
      const size_t rows = blocks == 1 ? left : quotient(left, blocks);
      const size_t offset = (row - start) * fast_lane_count;
      plan->blocks[plan->block_count++] = (block_rows){
          functions[rows - 1], group * p->a_lines.group_step + offset,
          group * p->out_lines.group_step + offset};
      row += rows;
    }
  }
  return row - first;
}

// Multiplies rows from `a` on with a matrix; `next_a`, which may be null, as `ahead` in `fast_product`.
FAST_INLINE void multiply_one(const fast_product *p, const product_plan *plan, const float *a,
                              const float *panels, float *out, const float *next_a) {
  // Small weights are in the cache as it is.
  const int two = plan->depth * plan->columns < 64 * 64 ? two_vectors : two_asking;
  block_ahead ahead = {.a = (const char *)(next_a ? next_a : a),
                       .a_step = next_a ? plan->ahead_a_step : 0};
  for (size_t panel = 0; panel < plan->columns; panel += fast_panel_width) {
    const size_t width =
        plan->columns - panel < fast_panel_width ? fast_lane_count : fast_panel_width;
    const int kind = width < 2 * FAST_WIDTH ? one_vector : two;
    const size_t step = (kind == one_vector ? 1 : 2) * FAST_WIDTH;
    const float *b = panels + panel * plan->depth;
    float *to = out + in_lines(panel, p->out_lines.line_step);
    ahead.b = (const char *)(b + width * plan->depth);
    ahead.b_step = plan->ahead_b_step * width / fast_panel_width;
    for (const block_rows *rows = plan->blocks; rows < plan->blocks + plan->block_count; rows++) {
      for (size_t column = 0; column < width; column += step) {
        rows->functions[kind](p, a + rows->a, b + column, width,
                              to + in_lines(column, p->out_lines.line_step) + rows->out,
                              plan->vector_step, &ahead);
      }
      ahead.a += ahead.a_step * plan->depth;
      ahead.b += ahead.b_step * plan->depth;
    }
  }
}

FAST_INLINE void multiply_with(const fast_product *p,
                               const block_function functions[FAST_ROWS][block_kinds]) {
  product_plan plan;
  plan.depth = p->tap_count * p->depth;
  plan.columns = fast_padded(p->columns);
  // A vector's columns may be a part of a line.
  plan.vector_step = FAST_WIDTH < fast_lane_count ? FAST_WIDTH : p->out_lines.line_step;
  // In equal shares.
  const size_t panels = (plan.columns + fast_panel_width - 1) / fast_panel_width;
  plan.ahead_a_step = quotient(FAST_ROWS * sizeof(float), panels * p->tap_count);
  plan.ahead_b_step =
      quotient(fast_panel_width * sizeof(float), (p->rows + FAST_ROWS - 1) / FAST_ROWS);
  for (size_t row = 0; row < p->rows;) {
    row += plan_blocks(&plan, p, row, functions);
    for (size_t i = 0; i < p->batch; i++) {
      const float *a = p->a + i * p->a_step;
      const float *next_a = p->ahead ? p->ahead[i] : i + 1 < p->batch ? a + p->a_step : NULL;
      multiply_one(p, &plan, a, p->panels + i * p->panels_step, p->out + i * p->out_step, next_a);
    }
  }
}

static void multiply(const fast_product *p) { multiply_with(p, block_functions); }

#if defined(FAST_HALVES)
static void multiply_pairs(const fast_product *p) { multiply_with(p, pair_block_functions); }
#endif
