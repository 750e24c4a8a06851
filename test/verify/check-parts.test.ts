import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { checkInfo, parseProblem, zipHashProblem, zippedModProblem } from '../../src/verify/check-parts.js';

const MODULE = parseModulePath('example.com/m');
const VERSION = 'v1.2.3';
const COMMIT = '0123456789012345678901234567890123456789';
const INFO = { Version: VERSION, Time: '2024-01-02T03:04:05Z', Origin: { VCS: 'git', Hash: COMMIT } };

describe('checkInfo', () => {
  const check = (info: unknown, needsCommit = true) =>
    checkInfo(Buffer.from(typeof info === 'string' ? info : JSON.stringify(info)), VERSION, needsCommit)
      .problem;

  it('has no objection to what is stored of a version', () => {
    expect(check(INFO)).toBeUndefined();
    expect(checkInfo(Buffer.from(JSON.stringify(INFO)), VERSION, true).info?.Origin?.Hash).toBe(COMMIT);
  });

  it.each([
    { name: 'garbage', info: '\0\0\0', problem: /^is not JSON: / },
    { name: 'half of it', info: JSON.stringify(INFO).slice(0, 30), problem: /^is not JSON: / },
    { name: 'another type', info: { Version: 1 }, problem: /^is not an \.info$/ },
    {
      name: 'another version',
      info: { ...INFO, Version: 'v1.2.4' },
      problem: /^is about version "v1\.2\.4"$/,
    },
    { name: 'a time that is not one', info: { ...INFO, Time: 'soon' }, problem: /^has no valid time$/ },
    { name: 'no commit', info: { ...INFO, Origin: { Hash: 'main' } }, problem: /^names no commit$/ },
  ])('finds $name', ({ info, problem }) => {
    expect(check(info)).toMatch(problem);
  });

  it('takes an imported .info without an origin, whether or not its import came to its end', () => {
    const imported = { Version: VERSION, Time: INFO.Time };
    expect(check(imported)).toBeUndefined();
    expect(check(imported, false)).toBeUndefined();
    expect(check({ ...imported, Origin: {} })).toBe('names no commit');
  });
});

describe('zipHashProblem', () => {
  const content = { hash: 'h1:abc=', files: [] };

  it('compares without space at the end', () => {
    expect(zipHashProblem(content, Buffer.from('h1:abc=\n'))).toBeUndefined();
    expect(zipHashProblem(content, undefined)).toBeUndefined();
    expect(zipHashProblem(content, Buffer.from('h1:abd='))).toBe('is h1:abc=, recorded is h1:abd=');
  });
});

describe('zippedModProblem', () => {
  const mod = Buffer.from('module example.com/m\n\ngo 1.22\n');
  const zipWith = (content: Buffer) => ({
    hash: 'h1:abc=',
    files: [
      { name: `${MODULE}@${VERSION}/go.mod`, sha256: createHash('sha256').update(content).digest('hex') },
    ],
  });

  it('allows other line ends, and nothing else', () => {
    const windows = Buffer.from(mod.toString().replaceAll('\n', '\r\n'));
    expect(zippedModProblem(mod, zipWith(mod), MODULE, VERSION)).toBeUndefined();
    expect(zippedModProblem(mod, zipWith(windows), MODULE, VERSION)).toBeUndefined();
    expect(zippedModProblem(windows, zipWith(mod), MODULE, VERSION)).toBeUndefined();
    const other = zipWith(Buffer.concat([mod, Buffer.from('// more\n')]));
    expect(zippedModProblem(mod, other, MODULE, VERSION)).toBe('is not the go.mod in the zip');
  });

  it('wants the text that stands for a missing go.mod where the zip has none', () => {
    const none = { hash: 'h1:abc=', files: [] };
    expect(zippedModProblem(Buffer.from('module example.com/m\n'), none, MODULE, VERSION)).toBeUndefined();
    expect(zippedModProblem(mod, none, MODULE, VERSION)).toBe('is not what stands for a missing go.mod');
  });
});

describe('parseProblem', () => {
  it('says why a go.mod cannot be read', () => {
    expect(parseProblem(Buffer.from('module a\n'))).toBeUndefined();
    expect(parseProblem(Buffer.from('module a\nmodule b\n'))).toContain('repeated module');
  });
});
