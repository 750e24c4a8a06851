/**
 * What a developer's machine has to be told: the variables of `go` that make this server its proxy. `modhaven env` and
 * `GET /-/env` print the same text.
 */
import { shellWord } from '../shell-word.js';
import type { VanityMap } from './vanity-map.js';

/** The forms in which the settings are printed. */
export const ENV_FORMATS = ['shell', 'powershell', 'go-env'] as const;
export type EnvFormat = (typeof ENV_FORMATS)[number];

export interface DeveloperEnv {
  /** How developers reach the server, without a trailing slash. */
  publicUrl: string;
  /** Whether `publicUrl` was made up although the server listens on more than this machine's loopback address. */
  publicUrlIsGuess: boolean;
  map: VanityMap;
  /** Patterns as in GOPRIVATE that are private although no rule covers them. */
  privatePatterns: readonly string[];
  /** The value of GOSUMDB for a checksum database of our own; undefined where there is none. */
  sumdbKey: string | undefined;
  /** Whether public modules are served, too. */
  hasUpstream: boolean;
}

/** The text for one shell, one setting a line. Comments say what is missing; all three shells know `#`. */
export function formatDeveloperEnv(settings: DeveloperEnv, format: EnvFormat): string {
  const { publicUrlIsGuess, hasUpstream } = settings;
  const notes = [
    ...(publicUrlIsGuess
      ? ['# public_url is not set, and localhost is right on the machine of the server only']
      : []),
    ...(hasUpstream
      ? []
      : ['# upstream is off: this server passes no public modules through, it answers 404 for them']),
  ];
  const lines = [...notes, ...developerVariables(settings).map(([name, value]) => LINE[format](name, value))];
  return lines.map((line) => `${line}\n`).join('');
}

/** The variables of `go`, in the order in which they are printed. */
export function developerVariables(settings: DeveloperEnv): [name: string, value: string][] {
  const { publicUrl, sumdbKey } = settings;
  return [
    ['GOPROXY', publicUrl],
    ...(sumdbKey === undefined
      ? // The public checksum database must neither be asked about private modules nor learn their names.
        [['GONOSUMDB', privatePaths(settings).join(',')] as [string, string]]
      : ownDatabase(sumdbKey)),
    // A GOPRIVATE that was set before would otherwise lead go around the proxy: it is the default of GONOPROXY.
    ['GONOPROXY', 'none'],
  ];
}

function privatePaths({ map, privatePatterns }: DeveloperEnv): string[] {
  const paths = new Set([...map.hosts, ...privatePatterns]);
  for (const rule of map.rules) {
    if (!map.hosts.has(rule.elements[0] ?? '')) paths.add(literalPrefix(rule.elements));
  }
  return [...paths].sort();
}

/** All modules are checked by our own database. A GOPRIVATE that was set before would else leave the private ones out. */
function ownDatabase(key: string): [string, string][] {
  return [
    ['GOSUMDB', key],
    ['GONOSUMDB', 'none'],
  ];
}

const LINE: Record<EnvFormat, (name: string, value: string) => string> = {
  shell: (name, value) => `export ${name}=${shellWord(value)}`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  'go-env': (name, value) => `go env -w ${name}=${shellWord(value)}`,
};

/** A rule as a glob of GONOSUMDB: `{name}` becomes `*`. */
function literalPrefix(elements: readonly string[]): string {
  return elements.map((element) => (element.startsWith('{') ? '*' : element)).join('/');
}
