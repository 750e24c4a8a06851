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
  const auditFile = () => files().auditFile;
  const accessLogFile = () => files().accessLogFile;
  const audit = new LineFile({ file: auditFile, isAudit: true, onState: sayState(log, 'audit file') });
  const access = new LineFile({ file: accessLogFile, onState: sayState(log, 'access log') });
  return [
    createRequestLog(log, writeLine),
    auditObserver({ isOn: () => auditFile() !== undefined, write: (line) => audit.write(line) }),
    accessLog({ isOn: () => accessLogFile() !== undefined, write: (line) => access.write(line) }),
  ];
}

function sayState(log: Logger, name: string): LineFileOptions['onState'] {
  return (state) => {
    if ('error' in state) log.error({ err: state.error }, `the ${name} cannot be written`);
    else log.warn({ lines: state.lost }, `the ${name} is written again: lines are missing`);
  };
}
