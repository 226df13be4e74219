// Depthwise strips for x86, in the vocabulary of the vector-*.h included before.

// `common_taps` are the dot products of a 3 x 3 window; where there are 32 registers, four vectors'
// weights for them stay in 12.

/// What a strip's inner loop keeps in registers: output bytes might alias anything in memory.
typedef struct {
  const uint8_t *input;
  ptrdiff_t pixel_step, output_step;
  const int32_t *segments;
  const vec *weights, *constants;
  vec_clamp clamp;
  int taps, is_twice;
} depthwise_form;

/// One vector of channels of an output position: one dot product takes the rows of a column of taps.
SWL_INLINE vec channels_of(const depthwise_form *f, const uint8_t *input, int vector,
                           const vec *weights) {
  vec sum = vec_zero();
  for (int tap = 0; tap < f->taps; tap++) {
    vec column = vec_load(input + f->segments[tap] + vector * lanes * step_bytes);
    sum = vec_dot(sum, column, weights[tap]);
  }
  return vec_scale(sum, f->constants + vector * scale_rows, f->is_twice);
}

/// `joined` pixels of `vectors` vectors of channels from `first` on, in sequence.
SWL_INLINE vec outputs_of(const depthwise_form *f, const uint8_t *input, int first, int vectors,
                          int joined, const vec *weights) {
  vec values[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    int from = joined > 1 ? i / vectors : 0;
    values[i] = channels_of(f, input + from * f->pixel_step, first + i % vectors,
                            weights + i % vectors * f->taps);
  }
  return vec_in_sequence(vec_pack(values, f->clamp));
}

/// `vectors` vectors of channels from `first` on, of `joined` pixels at once where they fill a
/// register together, then of what remains.
SWL_INLINE void columns(const depthwise_form *f, const swl_strip *s, int first, int vectors,
                        int joined) {
  const int width = s->channels - first * lanes, pixels = s->pixels;
  vec kept[4 * common_taps];
  const vec *weights = f->weights + first * f->taps;
  if (f->taps == common_taps && lanes == 16) {
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors * common_taps; i++) kept[i] = weights[i];
    weights = kept;
  }
  const ptrdiff_t row_step = s->row_step, output_row_step = s->output_row_step;
  const uint8_t *row_input = f->input;
  int8_t *row_output = s->output + first * lanes;
  for (int row = s->rows; row > 0; row--) {
    const uint8_t *input = row_input;
    int8_t *output = row_output;
    int pixel = 0;
    for (; pixel + joined <= pixels; pixel += joined) {
      vec bytes = outputs_of(f, input, first, vectors, joined, weights);
      if (joined > 1) {
        vec_store(output, bytes);
      } else {
        vec_store_first(output, bytes, width);
      }
      input += joined * f->pixel_step;
      output += joined * f->output_step;
    }
    for (; pixel < pixels && joined > 1; pixel++) {
      vec_store_first(output, outputs_of(f, input, first, vectors, 1, weights), width);
      input += f->pixel_step;
      output += f->output_step;
    }
    row_input += row_step;
    row_output += output_row_step;
  }
}

/// All channels of a strip.
SWL_INLINE void depthwise(const swl_strip *s, const int32_t *segments, int taps, int is_twice) {
  const depthwise_form form = {s->input, s->pixel_step, s->output_step, segments, s->weights,
                               s->constants, vec_clamp_of(s), taps, is_twice};
  const depthwise_form *f = &form;
  const int vectors = (s->channels + lanes - 1) / lanes;
  const int is_whole = s->output_step == s->channels && s->channels == vectors * lanes;
  int first = 0;
  for (; first + 4 <= vectors; first += 4) columns(f, s, first, 4, 1);
  if (is_whole && vectors == 2) return columns(f, s, 0, 2, 2);
  if (is_whole && vectors == 1) return columns(f, s, 0, 1, 4);
  if (vectors - first == 3) columns(f, s, first, 3, 1);
  if (vectors - first == 2) columns(f, s, first, 2, 1);
  if (vectors - first == 1) columns(f, s, first, 1, 1);
}

/// The commonest form, 3 x 3 of one rounding in effect, has its own code.
SWL_INLINE void depthwise_strip(const swl_strip *s) {
  if (s->rounding == SWL_TWICE) {
    depthwise(s, s->segments, s->segment_count, 1);
  } else if (s->segment_count == common_taps) {
    int32_t segments[common_taps];
    for (int i = 0; i < common_taps; i++) segments[i] = s->segments[i];
    depthwise(s, segments, common_taps, 0);
  } else {
    depthwise(s, s->segments, s->segment_count, 0);
  }
}
