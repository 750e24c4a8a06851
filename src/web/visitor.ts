/** Who looks at a page, and what they may see on it. */
import type { IncomingMessage } from 'node:http';
import {
  ANYONE,
  admissionOf,
  type Readable,
  type ReadableModules,
  type ReadableOptions,
} from '../proxy/gate.js';

export interface Visitor {
  /** The name of the login; undefined without one. */
  readonly name: string | undefined;
  /** Whether there are logins at all, and this visitor has none. */
  readonly canLogIn: boolean;
  /** Whether this is an admin. */
  isAdmin(): Promise<boolean>;
  /** Which of `modules` (module paths) the visitor may read. */
  readable(modules: readonly string[], options?: ReadableOptions): Promise<ReadableModules>;
}

export interface VisitorOptions {
  readable: Readable;
  /** Whether the sender of a request is an admin. */
  isAdmin: (request: IncomingMessage) => Promise<boolean>;
  /** Whether `auth:` is configured. */
  hasAuth: () => boolean;
}

/** The sender of a request that the gate has let through. */
export function visitorOf(request: IncomingMessage, { readable, isAdmin, hasAuth }: VisitorOptions): Visitor {
  const { name } = admissionOf(request).principal;
  const isAnyone = name === ANYONE.name;
  return {
    name: isAnyone ? undefined : name,
    canLogIn: isAnyone && hasAuth(),
    isAdmin: () => isAdmin(request),
    readable: (modules, options) => readable(request, modules, options),
  };
}
