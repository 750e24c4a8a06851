import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { Faults } from '../../src/log/faults.js';
import {
  createErrorHandler,
  malformedUrl,
  methodNotAllowed,
  type ErrorHandlerOptions,
} from '../../src/proxy/error-handler.js';
import { admit } from '../../src/proxy/gate.js';

/** The reply to a request whose route throws `error`, and what the log says. */
async function failWith(error: unknown, audience?: string, suggest?: ErrorHandlerOptions['suggest']) {
  const lines: [fields: Record<string, unknown>, message: string][] = [];
  const log = {
    error: (...line: [Record<string, unknown>, string]) => void lines.push(line),
    isLevelEnabled: () => false,
  } as never;
  const faults = new Faults({ log });
  const app = Fastify();
  app.addHook('onRequest', (request, _reply, done) => {
    admit(request.raw, { principal: { name: 'ci' }, audience });
    done();
  });
  app.setErrorHandler(
    createErrorHandler({ publicUrl: () => 'http://go.acme.test', log, faults, ...(suggest && { suggest }) }),
  );
  app.get('/*', () => Promise.reject(error as Error));
  const { statusCode, headers, body } = await app.inject('/corp.test/lib/@v/list');
  const [, text = body, id] = /^(.*)request id: (\S+)\n$/s.exec(body) ?? [];
  return { statusCode, headers, body: text, id, lines, faults: faults.report().count };
}

describe('createErrorHandler', () => {
  it('answers a fact in words, without a line in the log', async () => {
    const error = new ModhavenError('VERSION_NOT_FOUND', 'not found: x', { reason: 'why', remedy: 'how' });
    const { statusCode, body, lines } = await failWith(error);
    expect({ statusCode, body, lines }).toEqual({
      statusCode: 404,
      body: 'not found: x\nwhy\nhow\n',
      lines: [],
    });
  });

  it('logs an outage with what git said, however deep', async () => {
    const git = new Error('fatal: early EOF');
    const inner = new ModhavenError('HOST_UNREACHABLE', 'inner', { cause: git });
    const error = new ModhavenError('HOST_UNREACHABLE', 'cannot read x', { reason: 'why', cause: inner });
    const { statusCode, id, lines, faults } = await failWith(error);
    expect(id).toBeDefined();
    expect(statusCode).toBeGreaterThanOrEqual(500);
    expect(lines).toMatchObject([
      [
        {
          code: 'HOST_UNREACHABLE',
          path: '/corp.test/lib/@v/list',
          reason: 'why',
          cause: 'fatal: early EOF',
          requestId: id,
        },
        'cannot read x',
      ],
    ]);
    expect(faults).toBe(0);
  });

  it('names the module that was perhaps meant, to its sender alone', async () => {
    const paths: string[] = [];
    const suggest = (path: string) => {
      paths.push(path);
      return Promise.resolve('corp.test/lib2');
    };
    const unknown = new ModhavenError('MODULE_NOT_FOUND', 'not found: x', {
      reason: 'no rule',
      remedy: 'add a rule to vanity.yaml',
      remedyBy: 'admin',
    });
    const { body, headers } = await failWith(unknown, undefined, suggest);
    expect(paths).toEqual(['corp.test/lib']);
    expect(body.split('\n')[2]).toMatch(
      /^did you mean corp\.test\/lib2\? If not, tell the admin of go\.acme\.test: /,
    );
    expect(body).not.toContain('vanity.yaml');
    expect(headers['cache-control']).toBe('no-store');
    const other = await failWith(new ModhavenError('VERSION_NOT_FOUND', 'x'), undefined, suggest);
    expect(other.body).toBe('x\n');
    const fails = await failWith(unknown, undefined, () => Promise.reject(new Error('broken')));
    expect(fails.body).toContain('check the spelling');
  });

  it('lets no cache on the way keep what needed a right', async () => {
    const error = new ModhavenError('VERSION_NOT_FOUND', 'x');
    expect((await failWith(error, 'team')).headers['cache-control']).not.toContain('public');
  });

  it('says which methods there are', async () => {
    const { statusCode, headers, body } = await failWith(methodNotAllowed());
    expect([statusCode, headers.allow, body]).toEqual([
      405,
      'GET, HEAD',
      'method not allowed: only GET and HEAD\n',
    ]);
    expect(malformedUrl().code).toBe('INVALID_PATH');
  });

  it('repeats refusals of the framework in text', async () => {
    const error = Object.assign(new Error('header too long'), { statusCode: 431 });
    expect(await failWith(error)).toMatchObject({ statusCode: 431, body: 'header too long\n', faults: 0 });
  });

  it.each([new TypeError('a bug with s3cret'), Object.assign(new Error('s3cret'), { statusCode: 500 })])(
    'answers a fault with its id and nothing of it: %s',
    async (error) => {
      const { statusCode, headers, body, lines, faults } = await failWith(error);
      expect([statusCode, headers['cache-control'], faults]).toEqual([500, 'no-store', 1]);
      expect(body).toContain(String(lines[0]?.[0].id));
      expect(body).not.toContain('s3cret');
    },
  );
});
