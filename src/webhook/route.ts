/**
 * `POST /-/webhook`: a git host announces a push. Off without a secret. A secret that is sent as it is gets checked
 * before anything of the body is read; a signature needs the body, which is bounded (`delivery-bodies.ts`). Responses are
 * one line of text, which forges show beside the delivery.
 *
 *   202  a rule matches; its repository is being asked   401  the secret is missing or wrong
 *   200  nothing to do                                   429  too many wrong secrets from this address
 *   400  not JSON, or not as its host writes it          413  larger than 5 MiB
 *   404  no webhook.secret                               415  not JSON by its header
 *   405  not a POST                                      408, 503  it came too slowly; too many at once
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { GuessLimit } from '../auth/guess-limit.js';
import { onBehalfOf } from '../concurrency/on-behalf-of.js';
import { DeliveryBodies, type NotRead } from './delivery-bodies.js';
import { expectedProof, hasProof, isSigned, parsePush, verifySecret } from './payload.js';
import type { PushHandler } from './push-handler.js';

const WEBHOOK_PATH = '/-/webhook';

export interface WebhookRouteOptions {
  /** `webhook.secret`; undefined: the route is off. */
  secret: () => string | undefined;
  pushes: Pick<PushHandler, 'handle'>;
  /** The id of a request, for the log. */
  requestIdOf: (request: IncomingMessage) => string;
  /** Resolves when no process gives older answers than the last push any more. Default: at once. */
  settled?: () => Promise<void>;
  /** Default: 5 MiB each, 20 MiB together, 10 s. */
  bodies?: DeliveryBodies;
  log: Pick<Logger, 'info' | 'warn'>;
}

export function webhookRoute(app: FastifyInstance, options: WebhookRouteOptions): void {
  const route = new WebhookRoute(options);
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // The body is read by the handler, once it knows that it is wanted.
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null, undefined));
    scope.addHook('onRequest', (request, reply) => route.refuseEarly(request, reply));
    scope.route({
      method: METHODS,
      url: WEBHOOK_PATH,
      exposeHeadRoute: false,
      config: { takesAnyMethod: true },
      handler: (request, reply) => route.receive(request, reply),
    });
    done();
  });
}

/** HEAD has to be named: otherwise it would be answered as a page. */
const METHODS = ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

class WebhookRoute {
  private readonly options: WebhookRouteOptions;
  private readonly bodies: DeliveryBodies;
  private readonly guesses = new GuessLimit();

  constructor(options: WebhookRouteOptions) {
    this.options = options;
    this.bodies = options.bodies ?? new DeliveryBodies();
  }

  /** What can be said without the body; before Fastify judges its type. */
  async refuseEarly(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    if (this.options.secret() === undefined) return isOff(reply);
    if (request.method !== 'POST') {
      return text(reply.header('allow', 'POST'), 405, 'method not allowed: webhooks are sent with POST');
    }
    if (!isJson(request.headers['content-type'])) {
      return text(reply, 415, 'a webhook is read as JSON: set its content type to application/json');
    }
    return Promise.resolve(undefined);
  }

  async receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const secret = this.options.secret();
    if (secret === undefined) return isOff(reply); // switched off since the first look
    const nothing = Buffer.alloc(0);
    if (!isSigned(request.headers) && !this.isProved(request, nothing, secret)) {
      return this.refuse(request, reply);
    }
    return this.bodies.read(request.raw, async (body) => {
      if (!Buffer.isBuffer(body)) return notRead(reply, body);
      return this.isProved(request, body, secret)
        ? onBehalfOf({ requestId: this.options.requestIdOf(request.raw) }, () =>
            this.act(request, reply, body),
          )
        : this.refuse(request, reply);
    });
  }

  private isProved(request: FastifyRequest, body: Buffer, secret: string): boolean {
    return verifySecret(request.headers, body, secret, urlToken(request));
  }

  /** Wrong secrets are counted; a request without any guesses nothing. */
  private refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { headers, ip } = request;
    const requestId = this.options.requestIdOf(request.raw);
    this.options.log.warn({ client: ip, requestId }, 'a webhook was refused: its secret is missing or wrong');
    const isGuess = hasProof(headers) || urlToken(request) !== undefined;
    const waitSeconds = isGuess ? this.guesses.wrong(ip) : 0;
    if (waitSeconds > 0) {
      return text(
        reply.header('retry-after', String(waitSeconds)),
        429,
        'too many wrong secrets from this address: wait a minute',
      );
    }
    return text(reply, 401, `the secret is missing or wrong: it is expected in ${expectedProof(headers)}`);
  }

  private async act(request: FastifyRequest, reply: FastifyReply, body: Buffer): Promise<FastifyReply> {
    const { pushes, settled, log } = this.options;
    const push = read(request, body);
    if (push instanceof SyntaxError) return text(reply, 400, `the delivery cannot be read: ${push.message}`);
    if (push === 'ignored') return text(reply, 200, 'ignored: not a push of branches or tags');
    const outcome = pushes.handle(push);
    log.info({ forge: push.forge, refs: push.refs.length }, `webhook: ${outcome.text}`);
    await settled?.();
    return text(reply, outcome.matched ? 202 : 200, outcome.text);
  }
}

const NOT_READ = {
  'too large': [413, 'the delivery is larger than 5 MiB'],
  'too many': [503, 'too many deliveries come in at once: send this one again in a moment'],
  'too slow': [408, 'the delivery took too long to come in'],
} as const satisfies Record<NotRead, [status: number, line: string]>;

function notRead(reply: FastifyReply, problem: NotRead): FastifyReply {
  const [status, line] = NOT_READ[problem];
  if (status === 503) void reply.header('retry-after', '5');
  return text(reply.header('connection', 'close'), status, line); // what is still to come is not waited for
}

function urlToken({ query }: FastifyRequest): string | undefined {
  const { token } = query as { token?: unknown };
  return typeof token === 'string' ? token : undefined;
}

function read({ headers }: FastifyRequest, body: Buffer): ReturnType<typeof parsePush> | SyntaxError {
  try {
    return parsePush(headers, body);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

function isOff(reply: FastifyReply): FastifyReply {
  return text(reply, 404, 'webhooks are off: set webhook.secret in modhaven.yaml to turn them on');
}

function isJson(contentType = ''): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType);
}

function text(reply: FastifyReply, code: number, line: string): FastifyReply {
  return reply
    .code(code)
    .type('text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(`${line}\n`);
}
