/** The form in which every command prints JSON (`--json`). */

/** `value` as indented JSON with a line end. What has no form in JSON (`undefined`, a function) is left out of objects. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
