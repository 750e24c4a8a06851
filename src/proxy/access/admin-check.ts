/**
 * Whether the sender of a request is an admin: for what a page shows to admins alone. The gate has let the request through
 * before, so a wrong login has been counted there.
 */
import type { IncomingMessage } from 'node:http';
import type { AccessState } from '../../auth/access.js';
import { decideAccess } from '../../auth/read-access.js';
import { isFromAdminAddress, type AdminAddressOptions } from './admin-address.js';

export interface AdminCheckOptions extends AdminAddressOptions {
  /** Undefined: no `auth:`; then addresses alone decide. */
  access: () => Pick<AccessState, 'settings' | 'authenticator'> | undefined;
}

export type AdminCheck = (request: IncomingMessage) => Promise<boolean>;

/** The same decision as that of the gate about `/-/status`. */
export function createAdminCheck(options: AdminCheckOptions): AdminCheck {
  return async (request) => {
    if (isFromAdminAddress(request, options)) return true;
    const access = options.access();
    if (access === undefined) return false;
    const identity = await access.authenticator.identify(request.headers.authorization);
    return decideAccess(access.settings, { kind: 'admin' }, identity).kind === 'allowed';
  };
}
