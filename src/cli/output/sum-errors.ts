/** How a difference between the cache and a go.sum file is said: loudly, as `go` does. */
import type { SumMismatch } from '../../transfer/check-sums.js';

/** The lines about all mismatches of `versions`; none if there is none. */
export function sumErrors(
  versions: readonly {
    module: string;
    query: string;
    version: string | undefined;
    mismatches: readonly SumMismatch[];
  }[],
): string[] {
  const lines: string[] = [];
  for (const { module, query, version = query, mismatches } of versions) {
    for (const { kind, hash, stored, place } of mismatches) {
      const what = kind === 'zip' ? 'zip' : 'go.mod';
      lines.push(
        `SECURITY ERROR ${module}@${version}: the ${what} in the cache does NOT match ${place}`,
        `  in the cache: ${stored}`,
        `  recorded:     ${hash}`,
      );
    }
  }
  if (lines.length > 0) {
    lines.push(
      '  to do: build with neither until you know why. The tag may have been moved, the file edited, or somebody may be',
      '         attacking you; modhaven explain MODULE@VERSION says where the cache has its copy from.',
    );
  }
  return lines;
}
