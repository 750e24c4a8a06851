/** go.mod files for the repositories of cases. */

/** A go.mod that names `module`, with `lines` (`retract v1.0.0`) after it. */
export function goMod(module: string, ...lines: string[]): string {
  return [`module ${module}`, '', 'go 1.21', ...lines, ''].join('\n');
}
