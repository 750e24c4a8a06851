/** `modhaven env`: what a developer's machine has to be told, computed from the configuration. */
import { loadConfig, type SumdbSettings } from '../config/load-config.js';
import { readSigner } from '../sumdb/log/key-file.js';
import { loadVanity } from '../vanity/vanity-file.js';
import type { EnvFormat } from './env-formats.js';

export interface EnvOptions {
  config?: string;
  format: EnvFormat;
}

/** The text to print. Throws CONFIG. */
export function env({ config: file, format }: EnvOptions): string {
  const config = loadConfig(file);
  const map = loadVanity(config.vanityFile, { defaultHost: config.publicHost });
  const privatePaths = new Set(map.hosts);
  for (const rule of map.rules)
    if (!map.hosts.has(rule.elements[0] ?? '')) privatePaths.add(literalPrefix(rule.elements));
  const variables: [string, string][] = [
    ['GOPROXY', config.publicUrl],
    ...(config.sumdb === undefined
      ? // The public checksum database must neither be asked about private modules nor learn their names.
        [['GONOSUMDB', [...privatePaths].sort().join(',')] as [string, string]]
      : ownDatabase(config.sumdb)),
    // A GOPRIVATE that was set before would otherwise lead go around the proxy: it is the default of GONOPROXY.
    ['GONOPROXY', 'none'],
  ];
  const lines = variables.map(([name, value]) => format_[format](name, value));
  if (config.upstream.length === 0)
    lines.unshift(
      '# upstream is off: only the modules of vanity.yaml are served, public ones are answered 404',
    );
  return lines.map((line) => `${line}\n`).join('');
}

/** All modules are checked by our own database. A GOPRIVATE that was set before would else leave the private ones out. */
function ownDatabase(settings: SumdbSettings): [string, string][] {
  return [
    ['GOSUMDB', readSigner(settings).verifier.text],
    ['GONOSUMDB', 'none'],
  ];
}

const format_: Record<EnvFormat, (name: string, value: string) => string> = {
  shell: (name, value) => `export ${name}=${shellQuote(value)}`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  'go-env': (name, value) => `go env -w ${name}=${shellQuote(value)}`,
};

/** A rule as a glob of GONOSUMDB: `{name}` becomes `*`. */
function literalPrefix(elements: readonly string[]): string {
  return elements.map((element) => (element.startsWith('{') ? '*' : element)).join('/');
}

function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
