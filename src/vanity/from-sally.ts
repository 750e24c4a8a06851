/**
 * sally.yaml (github.com/uber-go/sally) as vanity.yaml: `url` is the vanity host, with or without a path, and each entry of
 * `packages` a rule. What only makes sally's pages (`godoc`, `description`, `branch`) has no counterpart.
 */
import { z } from 'zod';
import { readConfigText } from '../yaml/read-text.js';
import { parseWithSchema } from '../yaml/with-schema.js';
import { parseYaml } from '../yaml/yaml-source.js';

const Package = z.looseObject({
  repo: z.string().min(1),
  /** In place of the `url` of the file. */
  url: z.string().min(1).optional(),
  vcs: z.string().optional(),
});

const SallyFile = z.looseObject({
  url: z.string().min(1),
  packages: z.record(z.string(), Package),
});

/** No braces of sally's file mean anything but YAML. */
const NO_BRACES = /(?!)/g;

export interface ConvertedMap {
  /** The vanity host. */
  host: string;
  /** The text of vanity.yaml. */
  text: string;
}

/** Throws CONFIG for a file that cannot be read, or is not sally's. */
export function vanityFromSally(file: string): ConvertedMap {
  const words = { what: "sally's file", remedy: 'check the path and its permissions' };
  const source = parseYaml(readConfigText(file, words), file, NO_BRACES);
  const { url, packages } = parseWithSchema(SallyFile, source, source.data);
  const [host = ''] = url.split('/');
  const rules = Object.entries(packages).map(([name, entry]) => {
    const importPath = `${trimSlashes(entry.url ?? url)}/${trimSlashes(name)}`;
    const key = importPath.startsWith(`${host}/`) ? importPath.slice(host.length) : importPath;
    return `  ${JSON.stringify(key)}: ${ruleOf(entry)}`;
  });
  const lines = [
    `# Import paths and the repositories behind them, from ${JSON.stringify(file)}. An edit takes effect within a second.`,
    `host: ${JSON.stringify(host)}`,
    rules.length === 0 ? 'paths: {}' : 'paths:',
    ...rules,
  ];
  return { host, text: `${lines.join('\n')}\n` };
}

/** sally puts `https://` before every repository. */
function ruleOf({ repo, vcs = 'git' }: z.infer<typeof Package>): string {
  const address = JSON.stringify(/^[a-z+]+:\/\//.test(repo) ? repo : `https://${repo}`);
  return vcs === 'git' ? address : `{ repo: ${address}, vcs: ${JSON.stringify(vcs)} }`;
}

function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}
