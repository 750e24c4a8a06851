import * as semver from '../module/semver.js';

/** The highest by semantic version, without `prefix`, of the allowed tags; the first of equal ones. */
export async function highestVersion(
  tags: readonly string[],
  prefix: string,
  allowed: (tag: string) => Promise<boolean>,
): Promise<string | undefined> {
  let best = '';
  for (const tag of tags) {
    if (!tag.startsWith(prefix)) continue;
    const version = tag.slice(prefix.length);
    if (semver.compare(version, best) > 0 && (await allowed(tag))) best = version;
  }
  return best === '' ? undefined : prefix + best;
}
