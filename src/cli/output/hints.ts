/**
 * Commands in texts: every layer writes `modhaven trust-host git.corp`, and only the edge of the program knows how the
 * program was called and with which configuration. What is printed can be pasted into the same shell.
 */
import path from 'node:path';
import { shellWord } from '../../shell-word.js';

/** Commands that take `--config`. */
const WITH_CONFIG =
  'check|explain|trust-host|verify|warm|export|import|env|serve|list|gc|purge|migrate|token|report';
const HINT = new RegExp(`\\bmodhaven (${WITH_CONFIG}|sumdb (?:status|verify))(?![\\w-])( --config)?`, 'g');

/** `text` with the name of the program as it was called, and `--config` where one was given. */
export function completeHints(text: string, config: string | undefined, program = programName()): string {
  const option = config === undefined ? '' : ` --config ${shellWord(config)}`;
  return text.replace(HINT, (_, command: string, hasConfig?: string) => {
    return `${program} ${command}${hasConfig ?? option}`;
  });
}

/** How the program was called: `modhaven` where the shell finds it, else the path to it. */
export function programName(
  argv: readonly string[] = process.argv,
  searchPath = process.env.PATH ?? '',
): string {
  const [, script] = argv;
  if (script === undefined) return 'modhaven';
  const folders = searchPath.split(path.delimiter);
  if (path.basename(script) === 'modhaven') {
    return folders.includes(path.dirname(script)) ? 'modhaven' : shellWord(script);
  }
  const relative = path.relative('', script);
  return `node ${shellWord(relative.startsWith('..') ? script : relative)}`;
}
