/** A Dockerfile as the steps that it consists of, for tests that follow them where there is no Docker. */

export interface Step {
  /** `COPY`, `RUN`, `ENV`, … */
  readonly instruction: string;
  readonly rest: string;
}

/** The steps of each stage, without its `FROM`. */
export function stagesOf(dockerfile: string): Step[][] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  const stages: Step[][] = [];
  for (const line of lines) {
    const [, instruction, rest] = /^([A-Z]+) +(.*)$/.exec(line.trim()) ?? [];
    if (instruction === undefined || rest === undefined) continue;
    if (instruction === 'FROM') stages.push([]);
    else stages.at(-1)?.push({ instruction, rest });
  }
  return stages;
}

/** What is copied where: `from` is the name of the stage, undefined for the folder that is built. */
export function copyOf({ rest }: Step): { from: string | undefined; names: string[]; target: string } {
  const words = rest.split(/ +/);
  const [, from] = /^--from=(.+)$/.exec(words[0] ?? '') ?? [];
  const names = from === undefined ? words : words.slice(1);
  const target = names.pop() ?? '';
  return { from, names, target };
}

/** The last word that a stage has on something, as `USER` or `HEALTHCHECK`. */
export function lastOf(steps: readonly Step[], instruction: string): string {
  return steps.findLast((step) => step.instruction === instruction)?.rest ?? '';
}

/** The words of the exec form: `["a", "b"]`, wherever it stands in `rest`. */
export function execForm(rest: string): string[] {
  return JSON.parse(rest.slice(rest.indexOf('['))) as string[];
}
