/** Colours for people: on a terminal, unless they are not wanted (https://no-color.org). */

export interface Terminal {
  isTTY?: boolean;
}

/** Whether texts that go to `stream` may have colours. */
export function hasColours(stream: Terminal, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** Words that begin what is wrong, and what is not. */
const BAD = /^(?:PROBLEM|FAILED|MISSING|NOT PROVED|SECURITY ERROR|ERROR|DAMAGED|DIFFERENT)\b/gm;
const WARNING = /^( *)(warning:)/gm;
const BAD_CELL = / {2}NO {2}/g;
const REMEDY = /^( *)(to do:)/gm;

/** `report` with colours: red for what is wrong, yellow for warnings, bold for what to do. */
export function coloured(report: string): string {
  return report
    .replace(BAD, (word) => `${RED}${word}${RESET}`)
    .replace(BAD_CELL, `  ${RED}NO${RESET}  `)
    .replace(WARNING, `$1${YELLOW}$2${RESET}`)
    .replace(REMEDY, `$1${BOLD}$2${RESET}`);
}

const RED = '\u001b[31m';
const YELLOW = '\u001b[33m';
const BOLD = '\u001b[1m';
const RESET = '\u001b[0m';
