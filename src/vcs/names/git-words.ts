/**
 * What git is started with and told: the one door through which anything gets into its arguments and its standard input.
 *
 * A command is written as a template, `` git`merge-base --is-ancestor ${tag} ${commit}` ``. What stands in it as text is ours;
 * what is put in is a parsed name or a number, which the type checker sees to, and stays one word, or a part of one.
 */
import { isAbsolute } from 'node:path';
import { NotAName, type HashPrefix, type ObjectHash, type ObjectSpec, type TreePath } from './object-name.js';
import type { RefName } from './ref-name.js';
import type { RepoAddress } from './repo-address.js';

declare const brand: unique symbol;

/** One argument of git. */
export type GitWord = string & { readonly [brand]: 'word of git' };

/** Standard input of git, by lines. */
export type GitInput = string & { readonly [brand]: 'input of git' };

/** An absolute path on this machine. */
export type LocalPath = string & { readonly [brand]: 'local path' };

/** What can be put into a command. */
export type Name =
  ObjectHash | ObjectSpec | HashPrefix | RefName | RepoAddress | TreePath | LocalPath | number;

/** The words of a command; a list of words stands alone between spaces. */
export function git(
  parts: TemplateStringsArray,
  ...values: readonly (Name | readonly GitWord[])[]
): readonly GitWord[] {
  const words: string[] = [];
  let isOpen = false; // whether what follows belongs to the last word
  const append = (text: string) => {
    if (isOpen) words.push(`${words.pop() ?? ''}${text}`);
    else words.push(text);
    isOpen = true;
  };
  for (const [i, part] of parts.entries()) {
    for (const piece of part.split(/( +)/)) {
      if (piece.startsWith(' ')) isOpen = false;
      else if (piece !== '') append(piece);
    }
    const value = values[i];
    if (value === undefined) continue;
    if (typeof value === 'object') {
      words.push(...value);
      isOpen = false;
    } else {
      append(String(value));
    }
  }
  return words as GitWord[];
}

/** Options in front of a command: `{ a: 'b' }` is `-c a=b`. Whatever a value is, git reads it as the value of its key. */
export function config(settings: Readonly<Record<string, string>>): readonly GitWord[] {
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]) as GitWord[];
}

/** Hashes for standard input, one a line. */
export function lines(hashes: readonly ObjectHash[]): GitInput {
  return hashes.map((hash) => `${hash}\n`).join('') as GitInput;
}

/** `text` as a path on this machine. Throws `NotAName` unless it is absolute. */
export function localPath(text: string): LocalPath {
  if (!isAbsolute(text)) throw new NotAName(text);
  return text as LocalPath;
}
