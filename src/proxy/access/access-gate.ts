/**
 * The gate of a server: finds the principal of a request (`auth/authenticator.ts`) and whether they may read what they want
 * (`auth/read-access.ts`), and says it in words (`refusals.ts`).
 *
 * A worker admits what it can admit by itself and defers everything else to the main process: refusals, guesses that are
 * counted, identities that an issuer has to confirm.
 */
import type { IncomingMessage } from 'node:http';
import type { Authenticator, Identity } from '../../auth/authenticator.js';
import type { GuessLimit } from '../../auth/guess-limit.js';
import type { HostQuestion, HostVerdict } from '../../auth/git-host.js';
import { ANYONE, type Principal } from '../../auth/principal.js';
import { decideAccess, type AccessSettings, type Decision, type Resource } from '../../auth/read-access.js';
import { OPEN, type Admission, type Gate, type Refusal } from '../gate.js';
import { AUTH_PATH } from '../auth-route.js';
import { wantsHtml } from '../http/accepts.js';
import { clientAddress, requestHost, type TrustProxy } from '../http/client-address.js';
import { onBehalfOf } from '../../concurrency/on-behalf-of.js';
import { isModhavenError, type ModhavenError } from '../../errors.js';
import { requestIdOf } from '../http/request-id.js';
import { cannotDecide, forbidden, loginNeeded, tooManyGuesses, unclearPath } from './refusals.js';
import { isFromAdminAddress, type AdminAddressOptions } from './admin-address.js';
import { encodeDecision, encodeRefusal, type Grant } from './decisions.js';
import { noteRefused } from './refused-reads.js';
import { isSurelyNotOurs, originalResource, resourceOf, type Asked, type ResourceRules } from './resource.js';

export interface AccessGateOptions extends AdminAddressOptions {
  /**
   * Undefined: no `auth:`; then only what is for admins is refused to anyone. `unknown`, in a worker only: there are rules, and it
   * cannot read them; the main process decides about everything.
   */
  access: () => { settings: AccessSettings; authenticator: Authenticator } | 'unknown' | undefined;
  resources: ResourceRules;
  /**
   * Asks the git host (`auth/git-host.ts`). In a worker: what the main process has heard from it; undefined for what the
   * worker does not know.
   */
  hostRights?: HostJudge;
  publicUrl: () => string;
  /** Absent in a worker, which defers what is not admitted. */
  guesses?: GuessLimit;
  /** Told of an issuer or a git host that could not be asked. */
  onOutage?: (error: ModhavenError, requestId: string) => void;
  /** Whether reads of private modules are written down, also where everybody may read everything. Default: no. */
  audits?: () => boolean;
}

export interface HostJudge {
  judge(question: HostQuestion, header: string | undefined): HostVerdict | Promise<HostVerdict> | undefined;
}

type Ruled = Exclude<Decision, { kind: 'host-decides' }>;
type Decided = Admission | Refusal;

/** What needed a right may be shared by all who have it: the gate is asked before each look into the cache. */
const RESTRICTED = 'restricted';

export function createAccessGate(options: AccessGateOptions): Gate {
  return (request) => new AccessGate(options, request).decide();
}

/** One request at the gate. */
class AccessGate {
  private readonly options: AccessGateOptions;
  private readonly request: IncomingMessage;

  constructor(options: AccessGateOptions, request: IncomingMessage) {
    this.options = options;
    this.request = request;
  }

  decide(): Decided | Promise<Decided> {
    try {
      const decided = this.judge();
      return decided instanceof Promise ? decided.catch((error: unknown) => this.fail(error)) : decided;
    } catch (error) {
      return this.fail(error);
    }
  }

  private judge(): Decided | Promise<Decided> {
    const access = this.options.access();
    if (access === undefined) return this.withoutAuth();
    if (access === 'unknown') return this.defer();
    const resource = this.resource();
    if (resource === 'unsure') return this.defer();
    if (resource === 'unclear') return unclearPath();
    if (resource.kind === 'admin' && isFromAdminAddress(this.request, this.options)) {
      return admission(ANYONE, RESTRICTED);
    }
    const identity = access.authenticator.identify(this.request.headers.authorization, () => this.client());
    if (!(identity instanceof Promise)) return this.identified(access.settings, resource, identity);
    return identity.then((known) => this.identified(access.settings, resource, known));
  }

  /** What is asked for; at `/-/auth` what the web server in front was asked for, if that is trusted. */
  private resource(): Resource | 'unsure' | 'unclear' {
    const { request } = this;
    const { url = '/', headers, socket } = request;
    const { trusts, resources } = this.options;
    const original = headers['x-original-uri'];
    const isAbout = isSubrequest(request);
    if (isAbout && (typeof original !== 'string' || !trusts(socket.remoteAddress))) {
      return { kind: 'admin' };
    }
    const asked = new AskedByRequest(isAbout ? String(original) : url, request, trusts);
    return isAbout ? originalResource(asked, resources) : resourceOf(asked, resources);
  }

  private withoutAuth(): Decided {
    const audits = this.options.audits?.() === true;
    if (!audits && isSurelyNotOurs(this.request.url ?? '')) return OPEN;
    const resource = this.resource();
    if (resource === 'unsure') return audits ? this.defer() : OPEN;
    if (resource === 'unclear') return unclearPath();
    if (resource.kind === 'admin') {
      if (isFromAdminAddress(this.request, this.options)) return admission(ANYONE, RESTRICTED);
      return this.conclude({ kind: 'forbidden', principal: ANYONE }, resource);
    }
    if (!audits || resource.kind !== 'module') return OPEN;
    return this.conclude({ kind: 'allowed', principal: ANYONE, isForEveryone: true }, resource);
  }

  private identified(
    settings: AccessSettings,
    resource: Resource,
    identity: Identity,
  ): Decided | Promise<Decided> {
    const decision = decideAccess(settings, resource, identity);
    if (decision.kind !== 'host-decides') return this.conclude(decision, resource);
    const of = { client: this.client(), requestId: requestIdOf(this.request) };
    const verdict = onBehalfOf(of, () =>
      this.options.hostRights?.judge(decision.question, this.request.headers.authorization),
    );
    if (verdict === undefined) return this.defer();
    if (!(verdict instanceof Promise)) return this.ruled(decision, verdict, resource);
    return verdict.then((late) => this.ruled(decision, late, resource));
  }

  /** What a git host said becomes a decision. A principal that is known here keeps its name. */
  private ruled(
    { question, principal: known }: Extract<Decision, { kind: 'host-decides' }>,
    verdict: HostVerdict,
    resource: Resource,
  ): Decided {
    if (verdict.kind === 'refuses-login') {
      return this.conclude(
        known === undefined
          ? { kind: 'login-wrong', isGuess: true }
          : { kind: 'forbidden', principal: known },
        resource,
      );
    }
    const principal = known ?? verdict.principal;
    if (verdict.kind === 'may-not-read') return this.conclude({ kind: 'forbidden', principal }, resource);
    const grant = { question, leftMs: verdict.leftMs };
    return this.conclude({ kind: 'allowed', principal, isForEveryone: false }, resource, grant);
  }

  private conclude(decision: Ruled, resource: Resource, grant?: Grant): Decided {
    const privateModule = resource.kind === 'module' && resource.isPrivate ? resource.path : undefined;
    if (decision.kind === 'allowed') {
      const audience = decision.isForEveryone ? undefined : RESTRICTED;
      const allowed = admission(decision.principal, audience, privateModule);
      if (this.options.isBehindWorkers !== true) return allowed;
      return { ...allowed, decision: encodeDecision(allowed, resource, grant) };
    }
    if (this.options.guesses === undefined) return this.defer();
    const principal = decision.kind === 'forbidden' ? { principal: named(decision.principal) } : {};
    const about = privateModule === undefined ? {} : { privateModule };
    const refusal = { ...this.refusalFor(decision, resource), ...principal, ...about };
    noteRefused({
      status: refusal.refusedWith,
      url: this.request.url ?? '/',
      principal: decision.kind === 'forbidden' ? decision.principal.name : undefined,
      client: clientAddress(this.request, this.options.trusts),
    });
    if (this.options.isBehindWorkers !== true) return refusal;
    return { ...refusal, decision: encodeRefusal(refusal) };
  }

  /** An issuer or a git host that cannot be asked is an outage for every sender; anything else is a fault. */
  private fail(error: unknown): Refusal {
    if (!isModhavenError(error)) throw error;
    this.options.onOutage?.(error, requestIdOf(this.request));
    const refusal = cannotDecide(error, this.options.publicUrl());
    if (this.options.isBehindWorkers !== true) return refusal;
    return { ...refusal, decision: encodeRefusal(refusal) };
  }

  private refusalFor(decision: Exclude<Ruled, { kind: 'allowed' }>, resource: Resource): Refusal {
    const url = this.options.publicUrl();
    switch (decision.kind) {
      case 'login-needed':
        return loginNeeded(url, 'none');
      case 'forbidden':
        return forbidden(url, decision.principal, resource.kind === 'module' ? resource.path : 'this');
      case 'login-wrong': {
        if (!decision.isGuess) return loginNeeded(url, 'ended');
        const wait = this.countGuess();
        return wait > 0 ? tooManyGuesses(wait) : loginNeeded(url, 'wrong');
      }
    }
  }

  /** In how many seconds the next wrong login of this client is answered; 0: at once. */
  private countGuess(): number {
    const { url, headers } = this.request;
    const address = this.client();
    const login = String(headers.authorization);
    const { guesses } = this.options;
    if (guesses === undefined) return 0;
    if (!isSubrequest(this.request)) return guesses.wrongOnce(address, `${String(url)}\n${login}`);
    // A web server knows 401 and 403 alone. Some send the request on, and hand out what is said then.
    guesses.wrongInAdvance(address, `${String(headers['x-original-uri'])}\n${login}`);
    return 0;
  }

  private client(): string {
    return clientAddress(this.request, this.options.trusts) ?? 'local';
  }

  private defer(): Admission {
    return { ...admission(ANYONE, RESTRICTED), deferred: true };
  }
}

function admission(principal: Principal, audience: string | undefined, privateModule?: string): Admission {
  const who = named(principal);
  // Not spread: that takes longer than the rest of the gate.
  return privateModule === undefined
    ? { principal: who, audience }
    : { principal: who, audience, privateModule };
}

/** What a request asks for. A class, because an object with getters of its own takes longer to make than all else here. */
class AskedByRequest implements Asked {
  readonly url: string;
  private readonly request: IncomingMessage;
  private readonly trusts: TrustProxy;

  constructor(url: string, request: IncomingMessage, trusts: TrustProxy) {
    this.url = url;
    this.request = request;
    this.trusts = trusts;
  }

  /** Looked up where it is asked for: only pages depend on it. */
  get host(): string {
    return requestHost(this.request, this.trusts);
  }

  get wantsHtml(): boolean {
    return wantsHtml(this.request.headers);
  }
}

/** Whether a web server in front asks about another request. */
function isSubrequest({ url = '' }: IncomingMessage): boolean {
  return url.startsWith(AUTH_PATH) && (url.length === AUTH_PATH.length || url[AUTH_PATH.length] === '?');
}

/** As the log names it. */
function named({ kind, name }: Principal): { name: string } {
  return { name: kind === 'anyone' ? 'anyone' : name };
}
