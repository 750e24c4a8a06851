/**
 * `POST /-/webhook`: a git host says that somebody pushed. Off without a secret, and nothing is read of a delivery
 * before its secret is verified. Answers are one line of text, which forges show beside the delivery.
 *
 *   202  a rule matches; its repository is being asked   404  no webhook.secret        413  larger than 5 MiB
 *   200  nothing to do                                   405  not a POST               415  not JSON by its header
 *   400  not JSON, or not as its host writes it          401  the secret is missing or wrong
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { PushHandler } from './push-handler.js';
import { expectedProof, parsePush, verifySecret } from './payload.js';

export const WEBHOOK_PATH = '/-/webhook';

/** The largest delivery that is read. Hosts cut their lists of commits long before. */
const MAX_BYTES = 5 * 2 ** 20;

export interface WebhookRouteOptions {
  /** `webhook.secret`; undefined: the route is off. */
  secret: () => string | undefined;
  pushes: Pick<PushHandler, 'handle'>;
  /** Resolves when no process gives older answers than the last push any more. Default: at once. */
  settled?: () => Promise<void>;
  log: Pick<Logger, 'info' | 'warn'>;
}

export function webhookRoute(app: FastifyInstance, options: WebhookRouteOptions): void {
  const { secret, pushes, settled, log } = options;
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // The signature is over the bytes as they came.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BYTES }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.addHook('onRequest', refuseEarly);
    scope.setErrorHandler((error, _request, reply) => {
      if ((error as { statusCode?: number }).statusCode !== 413) throw error;
      return text(reply.header('connection', 'close'), 413, 'the delivery is larger than 5 MiB');
    });
    scope.route({ method: METHODS, url: WEBHOOK_PATH, exposeHeadRoute: false, handler: receive });
    done();
  });

  async function refuseEarly(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> {
    if (secret() === undefined) return isOff(reply);
    if (request.method !== 'POST')
      return text(reply.header('allow', 'POST'), 405, 'method not allowed: webhooks are sent with POST');
    if (!isJson(request.headers['content-type']))
      return text(reply, 415, 'a webhook is read as JSON: set its content type to application/json');
    return Promise.resolve(undefined);
  }

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { headers } = request;
    const wanted = secret();
    if (wanted === undefined) return isOff(reply); // switched off while the delivery came in
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { token } = request.query as { token?: unknown };
    const urlToken = typeof token === 'string' ? token : undefined;
    if (!verifySecret(headers, body, wanted, urlToken)) {
      log.warn({ client: request.ip }, 'a webhook was refused: its secret is missing or wrong');
      return text(reply, 401, `the secret is missing or wrong: it is expected in ${expectedProof(headers)}`);
    }
    const push = read(request, body);
    if (push instanceof SyntaxError) return text(reply, 400, `the delivery cannot be read: ${push.message}`);
    if (push === 'ignored') return text(reply, 200, 'ignored: not a push of branches or tags');
    const outcome = pushes.handle(push);
    log.info({ forge: push.forge, refs: push.refs.length }, `webhook: ${outcome.text}`);
    await settled?.();
    return text(reply, outcome.matched ? 202 : 200, outcome.text);
  }
}

/** HEAD has to be named: otherwise it would be answered as a page. */
const METHODS = ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

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
