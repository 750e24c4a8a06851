/** The separators of a GOPROXY list. Proxies are folders here; `upstream-answer.e2e.test.ts` has servers. */
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { HttpClient } from '../../src/http/client.js';
import type { UpstreamProxy } from '../../src/module/address/goproxy-list.js';
import { createGoproxyClient } from '../../src/upstream/goproxy-client.js';
import { StorageHostFailure, type UpstreamAnswer } from '../../src/upstream/upstream-answer.js';
import { tempDir } from '../support/tmp.js';

const LIST = '/ex.test/m/@v/list';

let dir: string;
beforeEach(async () => {
  dir = await tempDir('proxies');
});

type Kind = 'has it' | 'has nothing' | 'is broken';

/** A proxy that has the list, has nothing, or cannot be read. */
async function proxy(
  name: string,
  kind: Kind,
  fallbackOn: UpstreamProxy['fallbackOn'],
): Promise<UpstreamProxy> {
  const folder = path.join(dir, name);
  await mkdir(path.dirname(folder + LIST), { recursive: true });
  if (kind === 'has it') await writeFile(folder + LIST, name);
  // A folder in the place of the file.
  if (kind === 'is broken') await mkdir(folder + LIST);
  return { url: pathToFileURL(folder).href, credentials: undefined, fallbackOn };
}

async function textOf({ body }: UpstreamAnswer): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of body) pieces.push(piece);
  } catch (error) {
    throw new ModhavenError('HOST_UNREACHABLE', 'broken', { cause: error });
  }
  return Buffer.concat(pieces).toString();
}

const clientOf = (proxies: readonly UpstreamProxy[]) =>
  createGoproxyClient({
    http: undefined as unknown as HttpClient,
    proxies: () => proxies,
    timeoutMs: () => 5_000,
  });

describe('a whole answer', () => {
  /** Whether the question for `path` is over after `afterMs`, although bytes still come. */
  async function isOver(path: string, timeoutMs: number, afterMs: number): Promise<boolean | undefined> {
    let isAborted: boolean | undefined;
    const get = async (_url: URL, { signal }: { signal: AbortSignal }): Promise<never> => {
      await sleep(afterMs);
      isAborted = signal.aborted;
      throw new Error('refused');
    };
    const client = createGoproxyClient({
      http: { get } as unknown as HttpClient,
      proxies: () => [{ url: 'http://proxy.test', credentials: undefined, fallbackOn: 'not-found' }],
      timeoutMs: () => timeoutMs,
    });
    await expect(client.read(path, textOf)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    return isAborted;
  }
  const ZIP = '/example.com/m/@v/v1.0.0.zip';

  it('that is small takes no longer than the timeout, however it drips in; a zip may', async () => {
    for (const path of [LIST, '/example.com/m/@v/v1.0.0.info', '/sumdb/sum.test/latest']) {
      expect(await isOver(path, 50, 200)).toBe(true);
    }
    expect(await isOver(ZIP, 10_000, 200)).toBe(false);
    expect(await isOver(ZIP, 50, 200)).toBe(false);
  });

  it('is waited for with a timeout of days, and not over at once', async () => {
    // A timer that is given more than 2^31 ms ends after one.
    expect(await isOver(ZIP, 3 * 86_400_000, 20)).toBe(false);
  });
});

describe('a list of proxies', () => {
  it.each<[string, [Kind, UpstreamProxy['fallbackOn']], Kind, string]>([
    ['a comma passes over what a proxy does not have', ['has nothing', 'not-found'], 'has it', 'second'],
    ['a comma stops at a failure', ['is broken', 'not-found'], 'has it', 'HOST_UNREACHABLE'],
    ['a pipe passes over a failure', ['is broken', 'any-error'], 'has it', 'second'],
    ['an outage is told before an absence', ['is broken', 'any-error'], 'has nothing', 'HOST_UNREACHABLE'],
    ['what none has is absent', ['has nothing', 'not-found'], 'has nothing', 'MODULE_NOT_FOUND'],
  ])('%s', async (_, [kind, fallbackOn], second, expected) => {
    const client = clientOf([
      await proxy('first', kind, fallbackOn),
      await proxy('second', second, 'not-found'),
    ]);
    const found = client.read(LIST, textOf).catch((error: unknown) => (error as ModhavenError).code);
    expect(await found).toBe(expected);
  });

  it('that is empty has nothing', async () => {
    await expect(clientOf([]).read(LIST, textOf)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });

  it('asks what stands behind it last, with the failure that says most', async () => {
    const client = clientOf([await proxy('first', 'has nothing', 'not-found')]);
    const beyond = (failure: unknown) => Promise.resolve((failure as ModhavenError).code);
    expect(await client.read(LIST, textOf, { beyond })).toBe('MODULE_NOT_FOUND');
  });
});

describe('a proxy whose storage host fails', () => {
  it('is asked once more, and then the next one, also behind a comma', async () => {
    const client = clientOf([
      await proxy('first', 'has it', 'not-found'),
      await proxy('second', 'has it', 'not-found'),
    ]);
    const asked: string[] = [];
    const found = await client.read(LIST, async (answer) => {
      const name = await textOf(answer);
      asked.push(name);
      if (name === 'first') throw new StorageHostFailure('HOST_UNREACHABLE', 'the storage host is down');
      return name;
    });
    expect([found, asked]).toEqual(['second', ['first', 'first', 'second']]);
  });

  it('is not asked again once a part of the answer was given out', async () => {
    const client = clientOf([await proxy('first', 'has it', 'any-error')]);
    let asked = 0;
    const found = client.read(
      LIST,
      () => {
        asked += 1;
        throw new StorageHostFailure('HOST_UNREACHABLE', 'the storage host is down');
      },
      { isFinal: () => true },
    );
    await expect(found).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(asked).toBe(1);
  });
});
