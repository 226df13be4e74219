#if defined(__x86_64__)

#include "avx512.h"

/// One output position's channels, or the joined ones of neighbours, 16 at a time: one dot product
/// takes four rows of a column of taps.
SWL_AVX512_INLINE __m512i channels16(const swl_strip *s, const uint8_t *input, int vector,
                                     int taps, int rounding) {
  const __m512i *weights = (const __m512i *)s->weights + vector * taps;
  __m512i sum = _mm512_setzero_si512();
  for (int tap = 0; tap < taps; tap++) {
    __m512i column = _mm512_loadu_si512(input + s->segments[tap] + vector * 64);
    sum = _mm512_dpbusd_epi32(sum, column, weights[tap]);
  }
  return swl_scale512(sum, (const __m512i *)s->constants + vector * swl_scale_rows, rounding);
}

/// `vectors` vectors of `joined` pixels fill a register; the last ones may be partial.
SWL_AVX512_INLINE void block(const swl_strip *s, int first, int vectors, int joined, int taps,
                             int rounding) {
  const swl_clamp512 clamp = swl_make_clamp512(s);
  const int width = s->channels - first * 16;
  const __mmask64 mask = swl_first512(joined > 1 ? 64 : width);
  const uint8_t *input = s->input;
  int8_t *output = s->output + first * 16;
  int pixel = 0;
  for (; pixel + joined <= s->pixels; pixel += joined) {
    __m512i values[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      int from = vectors * joined == 4 ? i / vectors : 0;
      int vector = first + (i % vectors);
      values[i] = channels16(s, input + from * s->pixel_step, vector, taps, rounding);
    }
    __m512i bytes = swl_in_sequence512(swl_pack512(values, clamp, rounding));
    _mm512_mask_storeu_epi8(output, mask, bytes);
    input += joined * s->pixel_step;
    output += joined * s->output_step;
  }
  for (; joined > 1 && pixel < s->pixels; pixel++) {
    __m512i values[4];
    for (int i = 0; i < 4; i++)
      values[i] = channels16(s, input, first + i % vectors, taps, rounding);
    __m512i bytes = swl_in_sequence512(swl_pack512(values, clamp, rounding));
    _mm512_mask_storeu_epi8(output, swl_first512(width), bytes);
    input += s->pixel_step;
    output += s->output_step;
  }
}

SWL_AVX512_INLINE void blocks(const swl_strip *s, int taps, int rounding) {
  const int vectors = (s->channels + 15) / 16;
  const int is_whole = s->output_step == s->channels && s->channels == vectors * 16;
  int first = 0;
  for (; first + 4 <= vectors; first += 4) block(s, first, 4, 1, taps, rounding);
  switch (vectors - first) {
    case 3: block(s, first, 3, 1, taps, rounding); break;
    case 2: if (is_whole && vectors == 2) block(s, 0, 2, 2, taps, rounding);
            else block(s, first, 2, 1, taps, rounding);
            break;
    case 1: if (is_whole && vectors == 1) block(s, 0, 1, 4, taps, rounding);
            else block(s, first, 1, 1, taps, rounding);
            break;
    default: break;
  }
}

SWL_AVX512 static void clamped3(const swl_strip *s) { blocks(s, 3, SWL_TWICE_CLAMPED); }
SWL_AVX512 static void clamped(const swl_strip *s) {
  blocks(s, s->segment_count, SWL_TWICE_CLAMPED);
}
SWL_AVX512 static void twice(const swl_strip *s) { blocks(s, s->segment_count, SWL_TWICE); }
SWL_AVX512 static void once(const swl_strip *s) { blocks(s, s->segment_count, SWL_ONCE); }

SWL_AVX512 void swl_qs8_dwconv_64c4__avx512vnni(const swl_strip *s) {
  if (s->rounding == SWL_TWICE) return twice(s);
  if (s->rounding == SWL_ONCE) return once(s);
  if (s->segment_count == 3) return clamped3(s);
  clamped(s);
}

#endif
