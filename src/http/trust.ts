/**
 * Which certificates are believed: those of the system's store, as git and the go command believe them, or those of a
 * `ca_file`. Node has a list of its own, which changes of an admin to that store do not reach.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { readRegularText } from '../fs/regular-file.js';

/** What decides whether the certificate of an https host is believed. */
export interface TlsTrust {
  /** PEM file of authorities, in place of those of the system. */
  caFile?: string | undefined;
  insecureTls?: boolean | undefined;
}

/** A prepared trust; `key` changes with what is believed. */
export interface PreparedTrust {
  key: string;
  /** Undefined where nothing is checked. */
  context: SecureContext | undefined;
}

/** The account's store of authorities is not in a place that is known. */
export class NoSystemStore extends Error {}

/**
 * Where systems keep the authorities that git and go believe in (crypto/x509, root_linux.go and root_bsd.go).
 */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

/** Contexts are made once: reading a hundred certificates takes longer than a handshake. */
const contexts = new LRUCache<string, SecureContext>({ max: 20 });

/**
 * The authorities that count under `trust`: `ca_file`, else `SSL_CERT_FILE`, `SSL_CERT_DIR` (in place of the bundle of the
 * system and in addition to it) and `NODE_EXTRA_CA_CERTS` of `env`. A file that was changed is read again. Throws errors of
 * the file system and of the parser, and `NoSystemStore`.
 */
export async function prepareTrust(
  { caFile, insecureTls = false }: TlsTrust,
  env: NodeJS.ProcessEnv,
): Promise<PreparedTrust> {
  if (insecureTls) return { key: 'anything', context: undefined };
  const files = caFile === undefined ? await accountFiles(env) : [caFile];
  const changed = await Promise.all(files.map(async (file) => `${file} ${(await stat(file)).mtimeMs}`));
  const key = changed.join('\n');
  let context = contexts.get(key);
  if (context === undefined) {
    const texts = await Promise.all(files.map((file) => readRegularText(file)));
    context = createSecureContext({ ca: caFile === undefined ? texts.filter(holdsCertificate) : texts });
    contexts.set(key, context);
  }
  return { key, context };
}

/** The files of the account, in the order of crypto/x509 (loadSystemRoots). */
async function accountFiles(env: NodeJS.ProcessEnv): Promise<string[]> {
  const bundles = isSet(env.SSL_CERT_FILE) ? [env.SSL_CERT_FILE] : BUNDLES;
  const bundle = await firstExisting(bundles);
  const folders = isSet(env.SSL_CERT_DIR) ? env.SSL_CERT_DIR.split(':') : [];
  const inFolders = (await Promise.all(folders.map(filesIn))).flat();
  const files = [...(bundle === undefined ? [] : [bundle]), ...inFolders];
  if (files.length === 0) {
    throw new NoSystemStore('the authorities of the system are not in a file that is known');
  }
  const extra = isSet(env.NODE_EXTRA_CA_CERTS) ? await firstExisting([env.NODE_EXTRA_CA_CERTS]) : undefined;
  return extra === undefined ? files : [...files, extra];
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

async function firstExisting(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return file;
  }
  return undefined;
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map((name) => firstExisting([join(folder, name)])));
  return found.filter((file) => file !== undefined);
}

function holdsCertificate(text: string): boolean {
  return text.includes('-----BEGIN CERTIFICATE-----');
}
