/** The observers that write requests down, in the main process and in each worker: log, audit file, access log. */
import type { Logger } from 'pino';
import { LineFile, type LineFileOptions } from '../../log/line-file.js';
import type { Observer } from '../observer.js';
import { createRequestLog } from '../request-log.js';
import { accessLog } from './access-log.js';
import { auditObserver } from './audit-observer.js';

export interface RequestRecordsOptions {
  log: Logger;
  /** See `createRequestLog`. */
  writeLine: ((line: string) => void) | undefined;
  /** The files of now; undefined where none is wanted. */
  files: () => { auditFile: string | undefined; accessLogFile: string | undefined };
}

export function requestRecords({ log, writeLine, files }: RequestRecordsOptions): Observer[] {
  const access = new LineFile({ file: () => files().accessLogFile, onState: sayState(log) });
  return [
    createRequestLog(log, writeLine),
    auditObserver({
      file: () => files().auditFile,
      onError: (error) => log.error({ err: error }, 'a line of the audit file could not be written'),
    }),
    accessLog({ isOn: () => files().accessLogFile !== undefined, write: (line) => access.write(line) }),
  ];
}

function sayState(log: Logger): LineFileOptions['onState'] {
  return (state) => {
    if ('error' in state) log.error({ err: state.error }, 'the access log cannot be written');
    else log.warn({ lines: state.lost }, 'the access log is written again: lines are missing');
  };
}
