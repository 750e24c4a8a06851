/**
 * `${NAME}` in a string of modhaven.yaml takes an environment variable.
 *
 * A variable that is not set is an error: an empty token would only show up later, as a refusal by the git host. A `$`
 * that does not begin `${` stays a `$`; escapes and `${NAME:-default}` are not known. Where a variable is all of a value, it may
 * be a number, true or false, or a list, if the key wants one: `concurrency: ${JOBS}`.
 */
import type { Problem } from '../yaml/problems.js';
import type { DataPath } from '../yaml/problems.js';
import type { YamlSource } from '../yaml/yaml-source.js';

/** What looks like a variable, for `parseYaml`: its braces are text even inside `{ … }`. */
export const VARIABLES = /\$\{[^{}\n]*\}/g;
const ONE_VARIABLE = /^\$\{\w+\}$/;

/**
 * The data of `source` with variables filled in, and a problem for each that cannot be. `valueOf` says what the text of a
 * variable is that is all of the value at a place. Default: text.
 */
export function expandVariables(
  source: YamlSource,
  env: NodeJS.ProcessEnv,
  valueOf: (path: DataPath, text: string) => unknown = (_path, text) => text,
): { data: unknown; problems: Problem[] } {
  const problems: Problem[] = [];

  function expand(value: unknown, path: DataPath): unknown {
    if (typeof value === 'string') {
      const text = value.replace(VARIABLES, (match) => lookUp(match, path));
      return ONE_VARIABLE.test(value) && text !== value ? valueOf(path, text) : text;
    }
    if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, expand(item, [...path, key])]),
    );
  }

  function lookUp(match: string, path: DataPath): string {
    const name = match.slice(2, -1);
    const isName = /^[A-Za-z_]\w*$/.test(name);
    // The environment is an object, and every object has a `constructor`.
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (isName && value !== undefined) return value;
    const message = isName
      ? `the environment variable ${name} is not set`
      : `${JSON.stringify(match)} is not a variable: write \${NAME}, with letters, digits and _`;
    problems.push({ ...source.locate(path, 'value'), message });
    return match;
  }

  return { data: expand(source.data, []), problems };
}
