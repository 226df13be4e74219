// Depthwise strips for x86, in the vocabulary of the vector-*.h included before.

/// One vector of channels of an output position: one dot product takes the rows of a column of taps.
SWL_INLINE vec channels_of(const swl_strip *s, const uint8_t *input, int vector, int taps,
                           int rounding) {
  const vec *weights = (const vec *)s->weights + vector * taps;
  vec sum = vec_zero();
  for (int tap = 0; tap < taps; tap++) {
    vec column = vec_load(input + s->segments[tap] + vector * lanes * step_bytes);
    sum = vec_dot(sum, column, weights[tap]);
  }
  return vec_scale(sum, (const vec *)s->constants + vector * scale_rows, rounding);
}

/// `vectors` vectors of channels from `first` on, of `joined` pixels at once where they fill a
/// register together, then of what remains.
SWL_INLINE void columns(const swl_strip *s, int first, int vectors, int joined, int taps,
                        int rounding) {
  const vec_clamp clamp = vec_clamp_of(s);
  const int width = s->channels - first * lanes;
  const uint8_t *input = s->input;
  int8_t *output = s->output + first * lanes;
  int pixel = 0;
  for (; pixel + joined <= s->pixels; pixel += joined) {
    vec values[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      int from = joined > 1 ? i / vectors : 0;
      values[i] =
          channels_of(s, input + from * s->pixel_step, first + i % vectors, taps, rounding);
    }
    vec bytes = vec_in_sequence(vec_pack(values, clamp, rounding));
    if (joined > 1) {
      vec_store(output, bytes);
    } else {
      vec_store_first(output, bytes, width);
    }
    input += joined * s->pixel_step;
    output += joined * s->output_step;
  }
  for (; pixel < s->pixels; pixel++) {
    vec values[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++)
      values[i] = channels_of(s, input, first + i % vectors, taps, rounding);
    vec bytes = vec_in_sequence(vec_pack(values, clamp, rounding));
    vec_store_first(output, bytes, width);
    input += s->pixel_step;
    output += s->output_step;
  }
}

/// All channels of a strip.
SWL_INLINE void depthwise(const swl_strip *s, int taps, int rounding) {
  const int vectors = (s->channels + lanes - 1) / lanes;
  const int is_whole = s->output_step == s->channels && s->channels == vectors * lanes;
  int first = 0;
  for (; first + 4 <= vectors; first += 4) columns(s, first, 4, 1, taps, rounding);
  if (is_whole && vectors == 2) return columns(s, 0, 2, 2, taps, rounding);
  if (is_whole && vectors == 1) return columns(s, 0, 1, 4, taps, rounding);
  if (vectors - first == 3) columns(s, first, 3, 1, taps, rounding);
  if (vectors - first == 2) columns(s, first, 2, 1, taps, rounding);
  if (vectors - first == 1) columns(s, first, 1, 1, taps, rounding);
}

/// The commonest form, a rectified 3 x 3, has its own code.
SWL_INLINE void depthwise_strip(const swl_strip *s, int commonest_taps) {
  if (s->rounding == SWL_TWICE_CLAMPED && s->segment_count == commonest_taps) {
    depthwise(s, commonest_taps, SWL_TWICE_CLAMPED);
  } else if (s->rounding == SWL_TWICE_CLAMPED) {
    depthwise(s, s->segment_count, SWL_TWICE_CLAMPED);
  } else if (s->rounding == SWL_TWICE) {
    depthwise(s, s->segment_count, SWL_TWICE);
  } else {
    depthwise(s, s->segment_count, SWL_ONCE);
  }
}
