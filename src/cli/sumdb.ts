/** `modhaven sumdb keygen | status | verify`: makes, shows and audits the checksum database of our own. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { loadConfig, type Config, type SumdbSettings } from '../config/load-config.js';
import { sumdbNameProblem } from '../config/schema.js';
import { createFile } from '../fs/durable-file.js';
import { makeFolder } from '../fs/make-folder.js';
import { ModhavenError, errorMessage } from '../errors.js';
import { sharedLogs } from '../services.js';
import { openStores } from '../store/open/open-stores.js';
import { checkStateVersion } from '../store/state-version.js';
import { auditLog } from '../sumdb/log/audit.js';
import { readSigner } from '../sumdb/log/key-file.js';
import { readLog, type LogView } from '../sumdb/log/log.js';
import { logPlace } from '../sumdb/log/own-database.js';
import { generateKey, type Verifier } from '../sumdb/format/note.js';
import type { OnProgress } from './terminal/progress-bar.js';

export interface KeygenOptions {
  name: string;
  /** File of the private key; one that is there is never replaced. */
  out: string;
}

/** Makes a key. Returns what to do with it. Throws CONFIG. */
export async function sumdbKeygen({ name, out }: KeygenOptions): Promise<string> {
  const problem = sumdbNameProblem(name);
  if (problem !== undefined) throw new ModhavenError('CONFIG', `--name ${JSON.stringify(name)} ${problem}`);
  const file = resolve(out);
  const { signerKey, verifierKey } = generateKey(name);
  if (!(await writeKey(file, signerKey))) {
    throw new ModhavenError('CONFIG', `${file} is there already`, {
      reason: 'a key that is in use must not be lost, so it is not replaced',
      remedy: 'choose another file with --out',
    });
  }
  return [
    `The private key is in ${file}. Keep it secret, and a copy of it apart from the cache directory.`,
    '',
    'Add to modhaven.yaml (a running server takes it over):',
    '',
    '  sumdb:',
    `    name: ${name}`,
    `    key_file: ${file}`,
    '',
    'Developers need (modhaven env prints it with the rest):',
    '',
    `  GOSUMDB=${verifierKey}`,
    '',
  ].join('\n');
}

async function writeKey(file: string, key: string): Promise<boolean> {
  try {
    await makeFolder(dirname(file));
    return await createFile(file, `${key}\n`, { mode: 0o600 });
  } catch (error) {
    throw new ModhavenError('CONFIG', `${file} cannot be written`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

export interface SumdbStatusOptions {
  config?: string;
  json?: boolean;
}

/** What the database is. Throws CONFIG if there is none, STORAGE if it is damaged or rolled back. */
export async function sumdbStatus({ config: file, json }: SumdbStatusOptions): Promise<string> {
  const { verifier, view } = await openView(loadConfig(file), false);
  const facts = describe(verifier, view);
  if (json === true) return `${JSON.stringify(facts, undefined, 2)}\n`;
  return lines([
    ['name', facts.name],
    ['records', String(facts.records)],
    ['root hash', facts.rootHash ?? 'none yet'],
    ['signed', facts.signed ?? 'never'],
    ['verifier key', facts.verifierKey],
    ['folder', facts.folder],
    ['witness', `${facts.witness.records} records, in ${facts.witness.file}`],
  ]);
}

export interface SumdbVerifyOptions extends SumdbStatusOptions {
  /** Takes the log for whole when its witness is lost, and makes a new one. */
  renewWitness?: boolean;
  onProgress?: OnProgress;
}

/** The report of an audit, and whether everything is in order. Throws as `sumdbStatus` does. */
export async function sumdbVerify(options: SumdbVerifyOptions): Promise<{ text: string; ok: boolean }> {
  const config = loadConfig(options.config);
  const { verifier, view } = await openView(config, options.renewWitness === true);
  const store = openStores(config).unchecked;
  const audit = await auditLog(view, store, options.onProgress);
  const head = view.head();
  const ok = audit.faults.length === 0;
  const isRenewed = ok && options.renewWitness === true && head !== undefined;
  if (isRenewed) await view.witness.advance(head);
  const facts = describe(verifier, view);
  if (options.json === true) {
    return { text: `${JSON.stringify({ ok, ...facts, ...audit }, undefined, 2)}\n`, ok };
  }
  const report = [
    ...audit.faults,
    ...(isRenewed ? [`the witness ${facts.witness.file} has ${facts.witness.records} records now`] : []),
    ok ? '' : '  to do: docs/checksum-database.md, "What to do on an alarm"',
    `${facts.name}: ${audit.records} records, ${audit.stored} of them with files in the cache: ` +
      (ok ? 'all as signed' : `${audit.faults.length} not as signed`),
  ];
  return { text: report.filter((line) => line !== '').join('\n') + '\n', ok };
}

function describe(verifier: Verifier, view: LogView) {
  const head = view.head();
  const witness = view.witness.read();
  return {
    name: verifier.name,
    records: view.size(),
    rootHash: head?.hash.toString('base64'),
    signed: witness === undefined ? undefined : statSync(view.witness.file).mtime.toISOString(),
    verifierKey: verifier.text,
    folder: view.dir,
    witness: { file: view.witness.file, records: witness?.size ?? 0 },
  };
}

async function openView(config: Config, trustsLog: boolean): Promise<{ verifier: Verifier; view: LogView }> {
  const settings = sumdbSettings(config);
  await checkStateVersion(config.cacheDir);
  const { verifier } = readSigner(settings);
  const place = logPlace(config.cacheDir, settings, sharedLogs(openStores(config)));
  await place.shared?.copyAll();
  const view = readLog(place, verifier, { trustsLog });
  return { verifier, view };
}

function sumdbSettings({ sumdb, file }: Config): SumdbSettings {
  if (sumdb !== undefined) return sumdb;
  throw new ModhavenError(
    'CONFIG',
    `${file ?? 'the configuration'}: there is no checksum database (sumdb:)`,
    {
      remedy: 'begin with: modhaven sumdb keygen --name sum.mycompany.com',
    },
  );
}

function lines(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
