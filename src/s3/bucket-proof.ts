/** Whether a bucket can be used: proved once before the first write, and tried again for each probe. */
import { randomUUID } from 'node:crypto';
import { ModhavenError } from '../errors.js';
import type { Bucket, PutOptions } from './bucket.js';
import { proveConditions } from './prove-conditions.js';

/** Below it lies what is written for it. */
const PROBES = '.modhaven/probe/';

/** Writes that need no proof. Each resolves with false where its condition does not hold. */
export interface UnprovedWrites {
  write(key: string, bytes: Buffer, options: PutOptions): Promise<boolean>;
  writeInParts(key: string, bytes: Buffer, options: PutOptions): Promise<boolean>;
}

export class BucketProof {
  private readonly bucket: Pick<Bucket, 'place' | 'read' | 'list' | 'remove'>;
  private readonly writes: UnprovedWrites;
  private proof: Promise<void> | undefined;

  constructor(bucket: Pick<Bucket, 'place' | 'read' | 'list' | 'remove'>, writes: UnprovedWrites) {
    this.bucket = bucket;
    this.writes = writes;
  }

  /** As `Bucket.usable`. */
  usable(): Promise<void> {
    this.proof ??= this.prove().catch((error: unknown) => {
      this.proof = undefined;
      throw error;
    });
    return this.proof;
  }

  /** As `Bucket.probe`. Always the same bytes under one key: replicas that probe at the same time do not disturb each other. */
  async probe(): Promise<void> {
    await this.usable();
    const key = `${PROBES}ready`;
    const content = Buffer.from('modhaven\n');
    await this.writes.write(key, content, {});
    if ((await this.bucket.read(key))?.bytes.equals(content) !== true) {
      throw this.refused('what was written is not what is read');
    }
  }

  private async prove(): Promise<void> {
    const key = `${PROBES}${randomUUID()}`;
    try {
      const unusable = await proveConditions({
        content: Buffer.from(key),
        write: (bytes, options) => this.writes.write(key, bytes, options),
        writeInParts: (bytes, options) => this.writes.writeInParts(key, bytes, options),
        read: () => this.bucket.read(key),
        isListed: () => this.isListed(key),
      });
      if (unusable !== undefined) throw this.refused(unusable.reason, unusable.remedy);
    } finally {
      await this.bucket.remove(key).catch(() => undefined);
    }
  }

  private async isListed(key: string): Promise<boolean> {
    for await (const listed of this.bucket.list(key)) if (listed.key === key) return true;
    return false;
  }

  private refused(reason: string, remedy?: string): ModhavenError {
    return new ModhavenError('STORAGE', `the ${this.bucket.place} cannot be used`, {
      reason,
      remedy: remedy ?? 'check the object store',
      remedyBy: 'admin',
    });
  }
}
