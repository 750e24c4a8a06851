/**
 * A file that lines are appended to. A log rotation may rename or remove it at any time: it is opened for each write, so
 * the next lines are in a new file, and no signal is needed. Lines of some hundred milliseconds are written together, at
 * the end of the file, so that several processes may share it.
 */
import { endsInLine } from '../fs/line-end.js';
import { appendSync, openForAppending } from '../fs/regular-file.js';
import { keepForOwner } from './audit-file.js';

export interface LineFileOptions {
  /** Undefined: lines are dropped. Asked at each write, because the setting may change. */
  file: () => string | undefined;
  /** Told when writing begins to fail, and when it works again. */
  onState: (problem: { error: unknown } | { lost: number }) => void;
  /** Whether it is an audit file: for its owner alone, and a line waits only for those that are being written. */
  isAudit?: boolean;
}

/** How long lines wait for others, in milliseconds. */
const WAIT_MS = 200;
/** Characters that are written without waiting. */
const FULL = 64 * 1024;
/** Characters that wait at most while a write is on its way; later lines are lost, and counted. */
const MAX_WAITING = 8 * 1024 * 1024;
/** For its owner, and a group that reads logs. */
const MODE = 0o640;
const AUDIT_MODE = 0o600;

export class LineFile {
  private pending = '';
  private pendingLines = 0;
  private lost = 0;
  private isFailing = false;
  /** Whether the last line of the file may be torn: by a write that failed, or before this process began. */
  private mayBeTorn = true;
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly options: LineFileOptions;
  private readonly mode: number;

  constructor(options: LineFileOptions) {
    this.options = options;
    this.mode = options.isAudit === true ? AUDIT_MODE : MODE;
    process.on('exit', () => this.writeRest());
  }

  /** Takes a line with its line end. */
  write(line: string): void {
    if (this.pending.length >= MAX_WAITING) {
      this.lost += 1;
      return;
    }
    this.pending += line;
    this.pendingLines += 1;
    if (this.pending.length < FULL && this.options.isAudit !== true) {
      this.timer ??= setTimeout(() => void this.flush(), WAIT_MS).unref();
    } else if (this.writing === undefined) {
      void this.flush(); // what is being written goes on with the lines that came meanwhile
    }
  }

  /** Resolves when all lines so far are written, or lost. */
  async flush(): Promise<void> {
    while (this.pending !== '' || this.writing !== undefined) {
      this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
      await this.writing;
    }
  }

  private async writeAll(): Promise<void> {
    const [text, lines] = this.take();
    const file = this.options.file();
    if (file === undefined || text === '') return;
    try {
      const isTorn = this.mayBeTorn && !(await endsInLine(file));
      const handle = await openForAppending(file, this.mode);
      try {
        if (this.options.isAudit === true) await keepForOwner(handle);
        this.mayBeTorn = true;
        await handle.appendFile(isTorn ? `\n${text}` : text);
        this.mayBeTorn = false;
      } finally {
        await handle.close();
      }
      this.succeeded();
    } catch (error) {
      this.failed(error, lines);
    }
  }

  private take(): [text: string, lines: number] {
    clearTimeout(this.timer);
    this.timer = undefined;
    const taken: [string, number] = [this.pending, this.pendingLines];
    this.pending = '';
    this.pendingLines = 0;
    return taken;
  }

  private succeeded(): void {
    const { lost } = this;
    this.isFailing = false;
    this.lost = 0;
    if (lost > 0) this.options.onState({ lost });
  }

  private failed(error: unknown, lines: number): void {
    this.lost += lines;
    if (!this.isFailing) this.options.onState({ error });
    this.isFailing = true;
  }

  /** Before the process ends. */
  private writeRest(): void {
    const [text] = this.take();
    const file = this.options.file();
    if (file === undefined || text === '') return;
    try {
      appendSync(file, text, this.mode);
    } catch {
      // There is no other place to report it.
    }
  }
}
