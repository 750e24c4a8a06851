/**
 * The certificate and key of `tls:`, read again when the files change.
 *
 * Renewal writes two files, one after the other (certbot, cert-manager, by symlinks or in place): a certificate and a key
 * that do not belong together are half of a new pair, and the old pair stays until the other half is there. So it does when a
 * file is broken or gone: connections must not break because of a bad edit.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import { readText } from '../fs/read-text.js';

/** The remedy for a file that cannot be read. */
const UNREADABLE = 'correct tls: in modhaven.yaml, or let the account modhaven runs under read the file';

export interface TlsFiles {
  /** PEM: the certificate of the server, then those between it and its root. */
  certFile: string;
  /** PEM: its private key, without a passphrase. */
  keyFile: string;
}

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

export interface TlsPairOptions {
  log: { error(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Called with each new pair. */
  onChange?: (material: TlsMaterial) => void;
}

export class TlsPair {
  readonly #options: TlsPairOptions;
  #files: TlsFiles;
  #material: TlsMaterial;
  #error: ModhavenError | undefined;

  /** Reads the files for the first time. Throws CONFIG. */
  constructor(files: TlsFiles, options: TlsPairOptions) {
    this.#options = options;
    this.#files = files;
    this.#material = read(files);
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** The files to be watched. */
  files(): string[] {
    return [this.#files.certFile, this.#files.keyFile];
  }

  /** For `/-/status`: until when the certificate in use is valid, and what is wrong with the files on disk. */
  report(): { expires: string; error: string | undefined } {
    const { validTo } = new X509Certificate(this.#material.cert);
    return { expires: new Date(validTo).toISOString(), error: this.#error?.message };
  }

  /** Reads `files` again, which may be other ones than before. */
  update(files: TlsFiles): void {
    const { log, onChange } = this.#options;
    this.#files = files;
    try {
      const material = read(files);
      this.#error = undefined;
      if (material.cert === this.#material.cert && material.key === this.#material.key) return;
      this.#material = material;
      onChange?.(material);
      log.info(this.report(), 'new TLS certificate in use');
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      if (error.message !== this.#error?.message) {
        log.error({ error: error.message, reason: error.reason }, 'the TLS certificate in use stays');
      }
      this.#error = error;
    }
  }
}

function read({ certFile, keyFile }: TlsFiles): TlsMaterial {
  const cert = readText(certFile, UNREADABLE);
  const key = readText(keyFile, UNREADABLE);
  const certificate = parsed(certFile, 'a certificate', () => new X509Certificate(cert));
  const privateKey = parsed(keyFile, 'a private key without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ModhavenError('CONFIG', `${certFile} and ${keyFile} do not belong together`, {
      reason: 'the key is not that of the (first) certificate in the file',
      remedy: 'let tls.cert_file and tls.key_file name the two files of one certificate',
    });
  }
  parsed(certFile, 'a certificate that can be used', () => createSecureContext({ cert, key }));
  return { cert, key };
}

function parsed<T>(file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ModhavenError('CONFIG', `${file} does not hold ${what} in PEM form`, {
      reason: errorMessage(error),
      remedy: 'correct tls: in modhaven.yaml, or the file',
    });
  }
}
