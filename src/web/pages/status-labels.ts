/** The words of the status page for the keys of `/-/status`. */

/** Keys that do not read well once their words are apart. */
const LABELS: Readonly<Record<string, string>> = {
  at: 'When',
  ms: 'Milliseconds',
  text: 'Cause and remedy',
  type: 'Activity',
  kind: 'What was asked for',
  query: 'Version or branch',
  failure: 'Failed with',
  part: 'Stored part',
  client: 'Address of the client',
  principal: 'Login',
  newest: 'The newest',
  last: 'The newest',
  served: 'Commit that is served',
  now: 'Commit of the tag now',
  seen: 'First seen',
  maxBytes: 'Allowed size of the cache (cache.max_size)',
  bytes: 'Size after the last look',
  limit: 'Limit at the last look',
  wouldRemove: 'gc would free',
  removed: 'Removed at the last look',
  scrub: 'Last check of stored parts',
  verifierKey: 'Key of verifiers',
  waiting: 'Modules that wait to be compared',
  compared: 'Versions compared since the start',
  finished: 'Last comparison ended',
  tls: 'TLS',
  sumdb: 'Checksum database',
  requests: 'Requests that wait',
  clients: 'Waiting clients',
  hosts: 'Hosts',
  longestMs: 'The longest, in milliseconds',
  home: 'New repository',
  stored: 'What is served',
  old: 'In its present repository',
  found: 'In its new repository',
  zip: 'Hash of the zip',
  mod: 'Hash of go.mod',
  reached: 'Answers now',
  listens: 'Passes on what other replicas say',
  place: 'Where',
};

/** What the page calls `key`; one that it does not know, by its words: `movedTags` is `Moved tags`. */
export function labelOf(key: string): string {
  if (Object.hasOwn(LABELS, key)) return LABELS[key] ?? key;
  const words = key
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
