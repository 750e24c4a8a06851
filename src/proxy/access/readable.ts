/**
 * Which of many modules the sender of a request may read: for pages that show each visitor what is theirs to see (the list
 * of modules, the index, search, who uses a module).
 *
 * The gate has let the request through before, so a wrong login has been counted there. Private modules that a visitor may
 * not read must not show in numbers either: what counts or pages through modules does so after this filter. A page made
 * so is for its visitor alone; it is not kept in the response cache.
 */
import type { Authenticator, Identity } from '../../auth/authenticator.js';
import { decideAccess, type AccessSettings } from '../../auth/read-access.js';
import type { Readable } from '../gate.js';

export interface ReadableOptions {
  /** Undefined: everybody may read everything. */
  access: () => { settings: AccessSettings; authenticator: Authenticator } | undefined;
  isPrivate: (path: string) => boolean;
}

export function createReadable(options: ReadableOptions): Readable {
  return async (request, modules) => {
    const access = options.access();
    if (access === undefined) return [...modules];
    const identity = await access.authenticator.identify(request.headers.authorization);
    return modules.filter((path) => mayRead(access.settings, path, options.isPrivate(path), identity));
  };
}

function mayRead(settings: AccessSettings, path: string, isPrivate: boolean, identity: Identity): boolean {
  return decideAccess(settings, { kind: 'module', path, isPrivate }, identity).kind === 'allowed';
}
