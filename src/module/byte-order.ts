/**
 * Go compares strings by their UTF-8 bytes, JavaScript by UTF-16 code units. The two orders agree except that
 * code units of a surrogate pair (D800 to DFFF) sort below E000 to FFFF although the characters they spell
 * (U+10000 and up) have the larger bytes.
 */

const FIRST_SURROGATE = 0xd800;
const FIRST_AFTER_SURROGATES = 0xe000;

/** Negative, zero or positive as `a` sorts before, with or after `b` by UTF-8 bytes. For `Array.sort`. */
export function compareBytes(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      return x < FIRST_SURROGATE || y < FIRST_SURROGATE ? x - y : byteRank(x) - byteRank(y);
    }
  }
  return a.length - b.length;
}

/** Puts surrogates above everything else in the basic plane. */
function byteRank(unit: number): number {
  return unit < FIRST_AFTER_SURROGATES ? unit + 0x10000 : unit;
}
