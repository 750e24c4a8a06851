/**
 * Where the files lie that belong to the program: programs of worker processes and threads, files of the pages, and the
 * manifest of the package. This file stays at the top of the sources, because all names are relative to it: in `src/`, in
 * `build/` (what the compiler makes of each file) and in `dist/` (the bundle, whose parts lie side by side).
 */

/** The URL of a file of the program, by its name relative to `src/`, with the ending that it has when it runs. */
export function programFile(name: string): URL {
  return new URL(name, import.meta.url);
}
