/**
 * Everything that reads bytes from outside, with what has to hold whatever they are. The suite tries each target a few
 * hundred times (fuzz.test.ts); `npm run fuzz -- --minutes N` goes on for longer, with other seeds.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { parseGroups, parseHtpasswd } from '../../src/auth/htpasswd.js';
import { parseTokens } from '../../src/auth/tokens.js';
import { parseConfig } from '../../src/config/load-config.js';
import { parseGoImports } from '../../src/discovery/go-import-tags.js';
import { isModhavenError } from '../../src/errors.js';
import { escapePath, escapeVersion } from '../../src/module/escaping.js';
import { parseGoMod } from '../../src/module/go-mod.js';
import { decodeInfo, encodeInfo } from '../../src/module/info.js';
import { compareVersions, isValid } from '../../src/module/semver.js';
import { canonicalVersion, isCanonicalVersion } from '../../src/module/version.js';
import { parseProxyRequest } from '../../src/proxy/request.js';
import { generateKey, openNote, parseSignerKey, signNote } from '../../src/sumdb/format/note.js';
import { formatDataTile, parseDataTile } from '../../src/sumdb/format/record.js';
import { tileHashReader } from '../../src/sumdb/format/tile-reader.js';
import { parseTilePath, tilePath } from '../../src/sumdb/format/tile.js';
import { HASH_SIZE, nodeHash, recordHash } from '../../src/sumdb/format/tlog.js';
import { parseGoSum } from '../../src/transfer/go-sum.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { NotSmall, readSmallPack } from '../../src/vcs/objects/small-pack.js';
import { parseTree } from '../../src/vcs/objects/tree-object.js';
import { FallbackToGit } from '../../src/vcs/smart-http/fallback-to-git.js';
import { packets } from '../../src/vcs/smart-http/pkt-line.js';
import { readCapabilities, readPack, readRefs } from '../../src/vcs/smart-http/protocol-v2.js';
import { GitFailure } from '../../src/vcs/transport/git-exec.js';
import { parsePush } from '../../src/webhook/payload.js';
import { readTar } from '../../src/zip/archive-reader.js';
import { hashZipFile } from '../../src/zip/hash-zip-file.js';
import { property } from '../model/run.js';
import { versionLike } from '../support/arbitraries.js';
import { tempDir } from '../support/tmp.js';
import { answer, inPieces } from '../vcs/smart-http/pieces.js';
import { mutated } from './mutations.js';
import {
  DELTA,
  GO_IMPORT_PAGE,
  GO_MOD,
  GO_SUM,
  GROUPS,
  HTPASSWD,
  MODHAVEN_YAML,
  packSample,
  packWith,
  sealed,
  tarSample,
  TOKENS_YAML,
  TREE,
  VANITY_YAML,
  WEBHOOKS,
  zipSample,
} from './samples.js';

export interface FuzzTarget {
  name: string;
  property: fc.IRawProperty<unknown>;
}

/** Longest time that one small input may take, in milliseconds: what takes longer is a way to stop the server. */
const SLOW = 5_000;

/** Whether `error` is the refusal that `read` announces; anything else is thrown on. */
async function refusesOnly(read: () => unknown, isRefusal: (error: unknown) => boolean): Promise<void> {
  const start = performance.now();
  try {
    await read();
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const took = performance.now() - start;
  if (took > SLOW) throw new Error(`took ${Math.round(took)} ms`);
}

/** A target whose reader may only refuse in the announced way. */
function reader(
  name: string,
  inputs: fc.Arbitrary<Buffer>,
  read: (bytes: Buffer) => unknown,
  isRefusal: (error: unknown) => boolean = isModhavenError,
): FuzzTarget {
  return { name, property: fc.asyncProperty(inputs, (bytes) => refusesOnly(() => read(bytes), isRefusal)) };
}

const isPlainError = (error: unknown): boolean => error instanceof Error && error.constructor === Error;
const isSyntaxError = (error: unknown): boolean => error instanceof SyntaxError;
const isFallback = (error: unknown): boolean => error instanceof FallbackToGit;

export async function fuzzTargets(): Promise<FuzzTarget[]> {
  return [...texts(), ...gitBytes(), ...checksums(), ...(await archives())];
}

/** Three replicas under faults: slow beside the others, and in the suite by itself (`test/model`). */
export function replicas(): FuzzTarget {
  return { name: 'replicas', property: property() };
}

function texts(): FuzzTarget[] {
  const paths = mutated('/example.com/!foo/@v/v1.0.0.info', '/a.b/c/v2/@latest', '/a.b/%21x/@v/list');
  const webhooks = fc.constantFrom(...Object.values(WEBHOOKS));
  return [
    reader('request path', paths, (bytes) => {
      const request = parseProxyRequest(bytes.toString('latin1'));
      if (request === undefined || !('version' in request)) return;
      const again = `/${escapePath(request.module)}/@v/${escapeVersion(request.version)}.${request.kind}`;
      if (JSON.stringify(parseProxyRequest(again)) !== JSON.stringify(request)) throw new Error(again);
    }),
    {
      name: 'version',
      property: fc.property(versionLike, versionLike, (v, w) => {
        if (Math.sign(compareVersions(v, w)) !== -Math.sign(compareVersions(w, v))) {
          throw new Error('an order that depends on who is first');
        }
        const canonical = canonicalVersion(v);
        if (
          canonical !== '' &&
          (!isCanonicalVersion(canonical) || canonicalVersion(canonical) !== canonical)
        ) {
          throw new Error(`${canonical} is not canonical`);
        }
        if (canonical !== '' && !isValid(v)) throw new Error('made of no version');
      }),
    },
    reader('go.mod', mutated(GO_MOD), parseGoMod),
    reader(
      '.info',
      mutated(
        encodeInfo('v1.0.0', new Date(0), { VCS: 'git', URL: 'http://a.example/x', Hash: 'a'.repeat(40) }),
      ),
      decodeInfo,
      (error) => isModhavenError(error) || isSyntaxError(error),
    ),
    reader('modhaven.yaml', mutated(MODHAVEN_YAML), (bytes) =>
      parseConfig(bytes.toString('utf8'), '/etc/modhaven.yaml', {}),
    ),
    reader('vanity.yaml', mutated(VANITY_YAML), (bytes) =>
      parseVanity(bytes.toString('utf8'), '/etc/vanity.yaml', { defaultHost: 'a.example' }),
    ),
    reader('htpasswd', mutated(HTPASSWD), (bytes) => parseHtpasswd(bytes.toString('utf8'), 'users')),
    reader('groups', mutated(GROUPS), (bytes) => parseGroups(bytes.toString('utf8'), 'groups')),
    reader('tokens.yaml', mutated(TOKENS_YAML), (bytes) =>
      parseTokens(bytes.toString('utf8'), 'tokens.yaml'),
    ),
    reader('go.sum', mutated(GO_SUM), (bytes) => parseGoSum(bytes.toString('utf8'), 'go.sum')),
    reader('go-import page', mutated(GO_IMPORT_PAGE), (bytes) => {
      for (const { root, repo } of parseGoImports(bytes.toString('latin1'))) {
        if (/\s/.test(root + repo)) throw new TypeError('a field with a space in it');
      }
    }),
    {
      name: 'webhook body',
      property: fc.asyncProperty(
        webhooks.chain(({ headers, body }) => mutated(body).map((bytes) => ({ headers, bytes }))),
        ({ headers, bytes }) => refusesOnly(() => parsePush(headers, bytes), isSyntaxError),
      ),
    },
  ];
}

function gitBytes(): FuzzTarget[] {
  const pack = packSample();
  const limits = { objects: 100, bytes: 1024 * 1024 };
  const isNotSmall = (error: unknown): boolean => error instanceof NotSmall;
  const head = `${'a'.repeat(40)} HEAD symref-target:refs/heads/main\n`;
  const refs = answer(head, `${'a'.repeat(40)} refs/tags/v1 peeled:${'b'.repeat(40)}\n`, '0000');
  const features = answer(
    'version 2\n',
    'agent=git/2.39\n',
    'ls-refs=unborn\n',
    'fetch=shallow filter\n',
    '0000',
  );
  const packed = answer('packfile\n', '\x02progress', `\x01${'x'.repeat(40)}`, '0000');
  const over = (read: (found: ReturnType<typeof packets>) => Promise<unknown>) => (bytes: Buffer) =>
    read(packets(inPieces(bytes, 7)));
  return [
    reader('pack', mutated(pack), (bytes) => readSmallPack(bytes, 'sha1', limits), isNotSmall),
    reader(
      'pack with the right sum',
      mutated(pack.subarray(0, -20)).map(sealed),
      (bytes) => readSmallPack(bytes, 'sha1', limits),
      isNotSmall,
    ),
    reader(
      'delta',
      mutated(DELTA).map(packWith),
      (bytes) => readSmallPack(bytes, 'sha1', limits),
      isNotSmall,
    ),
    reader(
      'tree object',
      mutated(TREE),
      (bytes) => {
        const length = parseTree(bytes, 20).reduce(
          (sum, { mode, name }) => sum + mode.length + name.length + 22,
          0,
        );
        if (length !== bytes.length) throw new TypeError('bytes that belong to no entry');
      },
      (error) => error instanceof GitFailure,
    ),
    reader('pkt-line: refs', mutated(refs), over(readRefs), isFallback),
    reader('pkt-line: capabilities', mutated(features), over(readCapabilities), isFallback),
    reader(
      'pkt-line: pack',
      mutated(packed),
      over((found) => buffer(readPack(found, () => undefined))),
      isFallback,
    ),
  ];
}

function checksums(): FuzzTarget[] {
  const { signerKey } = generateKey('sum.example');
  const signer = parseSignerKey(signerKey);
  const text = 'go.sum database tree\n5\nAAAA\n';
  const leaves = ['a', 'b', 'c', 'd'].map((text) => recordHash(Buffer.from(text)));
  const [a, b, c, d] = leaves as [Buffer, Buffer, Buffer, Buffer];
  const tree = { size: 4, hash: nodeHash(nodeHash(a, b), nodeHash(c, d)) };
  const records = ['a.example v1.0.0 h1:x\na.example v1.0.0/go.mod h1:y\n', 'b.example v1.0.0 h1:z\n'];
  return [
    reader('note', mutated(signNote(text, signer)), (bytes) => {
      if (openNote(bytes, [signer.verifier]).text !== text) throw new Error('another text was believed');
    }),
    reader('tile path', mutated('tile/8/0/x001/234.p/5', 'tile/8/data/000'), (bytes) => {
      const tile = parseTilePath(bytes.toString('latin1'));
      if (tile !== undefined && tilePath(tile) !== bytes.toString('latin1')) throw new Error(tilePath(tile));
    }),
    reader('hash tile', mutated(Buffer.concat(leaves)), async (bytes) => {
      const read = tileHashReader(tree, {
        height: 8,
        read: () => Promise.resolve(bytes),
        checked: () => undefined,
      });
      const [first] = await read([0]);
      if (first?.equals(a) !== true || bytes.length !== 4 * HASH_SIZE) {
        throw new Error('a wrong hash was believed');
      }
    }),
    reader('data tile', mutated(formatDataTile(records)), (bytes) => {
      const read = parseDataTile(bytes);
      if (formatDataTile(read) !== bytes.toString('utf8')) throw new Error('it does not say what was read');
    }),
  ];
}

async function archives(): Promise<FuzzTarget[]> {
  const dir = await tempDir('fuzz');
  const [tar, zip] = await Promise.all([tarSample(), zipSample()]);
  const good = path.join(dir, 'good.zip');
  await writeFile(good, zip);
  const truth = await hashZipFile(good);
  if (!('hash' in truth)) throw new Error(truth.problem);
  let files = 0;
  return [
    reader(
      'tar stream',
      mutated(tar),
      async (bytes) => {
        const archive = readTar(Readable.from([bytes.subarray(0, 700), bytes.subarray(700)]));
        for await (const entry of archive) {
          if ((await buffer(entry.pieces())).length !== entry.size) throw new TypeError('another size');
        }
      },
      isPlainError,
    ),
    reader('zip', mutated(zip), async (bytes) => {
      const file = path.join(dir, `${(files += 1) % 4}.zip`);
      await writeFile(file, bytes);
      await hashZipFile(file);
    }),
  ];
}
