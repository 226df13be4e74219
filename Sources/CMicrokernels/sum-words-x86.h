// The sum of two tensors of int16 for x86, in the vocabulary of the vector-*.h included before and of
// the file itself.

/// A swl_scale of values that are shifted left by some headroom first.
typedef struct {
  vec multiplier, addend, half, sign;
  /// Where 32 bits of even and of odd lanes' products begin; the second shift.
  __m128i down, up, shift;
} scale;

SWL_INLINE scale scale_of(swl_scale s, int headroom) {
  return (scale){
      .multiplier = splat(s.multiplier),
      .addend = splat_wide(1ll << (30 - headroom)),
      .half = splat(s.shift > 0 ? 1 << (s.shift - 1) : 0),
      // Halves below zero get one less, where there are any.
      .sign = splat(s.shift > 0 ? -1 : 0),
      .down = _mm_cvtsi32_si128(31 - headroom),
      .up = _mm_cvtsi32_si128(1 + headroom),
      .shift = _mm_cvtsi32_si128(s.shift),
  };
}

SWL_INLINE vec scaled(vec value, const scale *s) {
  value = product(value, s->multiplier, s->addend, s->down, s->up);
  return quotient(value, s->half, s->sign, s->shift);
}

SWL_INLINE void sum_words(const swl_word_sum *s) {
  const scale left = scale_of(s->left_scale, s->headroom);
  const scale right = scale_of(s->right_scale, s->headroom);
  const scale out = scale_of(s->output_scale, 0);
  const swl_strip range = {.minimum = s->minimum, .maximum = s->maximum};
  const vec_clamp clamp = vec_clamp_of_words(&range);
  for (ptrdiff_t i = 0; i < s->count; i += 2 * lanes) {
    // The readable slack lets the last ones be loaded whole.
    vec x = vec_load(s->left + i), y = vec_load(s->right + i);
    vec first = sum(scaled(first_words(x), &left), scaled(first_words(y), &right));
    vec last = sum(scaled(last_words(x), &left), scaled(last_words(y), &right));
    // Halves of 128-bit parts, as packing leaves them.
    vec words = vec_pack_words(scaled(first, &out), scaled(last, &out), clamp);
    const ptrdiff_t rest = s->count - i;
    vec_store_first((int8_t *)(s->output + i), words, rest < 2 * lanes ? 2 * (int)rest : 4 * lanes);
  }
}
