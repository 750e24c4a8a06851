/** The names of branches, tags and other refs, by git's own rules (git-check-ref-format(1)). */
import type { ObjectHash } from './object-name.js';

declare const brand: unique symbol;

/** `HEAD`, or a whole name such as `refs/tags/v1.0.0`. */
export type RefName = string & { readonly [brand]: 'ref name' };

/** What HEAD stands for in a list of refs. */
export const HEAD = 'HEAD' as RefName;

/**
 * `text` as the name of a ref; undefined where git would not let a ref have it. So no name begins with a dash, and none
 * holds a line break, another control character, a space, `..`, or what gives a revision or a refspec another meaning
 * (`~`, `^`, `:`, `?`, `*`, `[`, `\`, `@{`).
 */
export function parseRefName(text: string): RefName | undefined {
  if (text === HEAD) return HEAD;
  const isRef =
    text.startsWith('refs/') &&
    !FORBIDDEN.test(text) &&
    !/\.\.|\/\/|\/\.|@\{|\.lock\/|\.lock$|[./]$/.test(text);
  return isRef ? (text as RefName) : undefined;
}

/** The ref by which a mirror keeps `commit`. */
export function commitRef(commit: ObjectHash): RefName {
  return `refs/modhaven/${commit}` as RefName;
}

const FORBIDDEN = /[\0-\x20\x7f~^:?*[\\]/;
