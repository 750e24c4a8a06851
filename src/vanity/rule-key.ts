/**
 * The key of a rule: from how it is written to the import path it stands for.
 *
 *   key                     stands for                          under host mycompany.com
 *   /go/foo                 mycompany.com/go/foo and below      a prefix, by whole elements
 *   /go/{name}              mycompany.com/go/<any> and below    {name} may be used in repo, subdir and display
 *   /go/{path...}           mycompany.com/go/<any>/<any>/…      as many elements as the repository's path has: the
 *                                                               host is asked, longest first; only at the end
 *   /                       mycompany.com and below
 *   other.corp/lib          other.corp/lib and below            a full import path, whatever the host is
 *
 * Literal elements are those of module paths (`path-element.ts`): a rule that no module path can match is a mistake.
 */
import { ModhavenError } from '../errors.js';
import { checkElement } from '../module/path-element.js';

const NAME = /^[A-Za-z_]\w*$/;
const MAJOR_VERSION = /^v(?:[2-9]|[1-9][0-9]+)$/;

/** The import path that `key` stands for; keys that begin with `/` belong to `host`. Throws CONFIG. */
export function readRuleKey(key: string, host: string): string {
  const trimmed = key.replace(/\/$/, '');
  const [first = '', ...rest] = trimmed.split('/');
  const owner = key.startsWith('/') ? host : first.toLowerCase();
  if (owner === '' || (!key.startsWith('/') && !owner.includes('.'))) {
    const remedy = key.startsWith('/')
      ? 'add "host: mycompany.com", or begin the path with a host'
      : `begin it with / (then it belongs to ${host === '' ? 'the key host' : host}), or with a host name such as mycompany.com`;
    fail(`${quote(key)} is under no host`, undefined, remedy);
  }
  if (!/^[a-z0-9.-]+$/.test(owner)) {
    const remedy = 'write a host without scheme and port';
    fail(`bad import path ${quote(key)}`, `${quote(first)} is not a host name`, remedy);
  }

  const names = new Set<string>();
  for (const [index, element] of rest.entries()) {
    const placeholder = /^\{(.*)\}$/.exec(element)?.[1];
    const isLast = index === rest.length - 1;
    const reason =
      placeholder === undefined ? checkLiteral(element) : checkPlaceholder(placeholder, names, isLast);
    if (reason !== undefined) fail(`bad import path ${quote(key)}`, reason);
  }
  const reason = checkElement(owner, 'module');
  if (reason !== undefined || owner.startsWith('-')) {
    fail(`bad import path ${quote(key)}`, reason ?? 'leading dash');
  }
  return [owner, ...rest].join('/');
}

function checkLiteral(element: string): string | undefined {
  if (/[{}]/.test(element)) return `${quote(element)}: a {name} must be a whole element between slashes`;
  return checkElement(element, 'module');
}

function checkPlaceholder(text: string, seen: Set<string>, isLast: boolean): string | undefined {
  const name = text.replace(/\.\.\.$/, '');
  if (name !== text && !isLast) {
    return `{${text}} takes all elements that are left, so it must be the last one`;
  }
  if (!NAME.test(name)) return `{${name}}: a name is made of letters, digits and _`;
  if (seen.has(name)) return `{${name}} stands in it twice; give each its own name`;
  seen.add(name);
  return undefined;
}

/** The names in an import path with `{name}` elements, in their order. */
export function placeholderNames(elements: readonly string[]): string[] {
  return elements.filter(isPlaceholder).map(placeholderName);
}

/** `name` of `{name}` and of `{name...}`. */
export function placeholderName(element: string): string {
  return element.slice(1, -1).replace(/\.\.\.$/, '');
}

/** Whether `element` of a rule's prefix is a `{name...}`. */
export function isRest(element: string): boolean {
  return element.endsWith('...}');
}

/** Whether `element` of a rule's prefix is a `{name}` or `{name...}`. */
export function isPlaceholder(element: string): boolean {
  return element.startsWith('{');
}

/** Whether `{name}` may stand for `element`: anything in a module path but a major version suffix. */
export function canCapture(element: string): boolean {
  return checkElement(element, 'module') === undefined && !MAJOR_VERSION.test(element);
}

function fail(message: string, reason: string | undefined, remedy?: string): never {
  throw new ModhavenError('CONFIG', message, { reason, remedy });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
