/** The code blocks of a guide in `docs/`, so that tests can run what an admin would copy. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface GuideBlock {
  /** The nearest `## ` heading above it. */
  heading: string;
  /** What stands after the three backticks: `yaml`, `sh`, `ini`; empty for none. */
  language: string;
  /** With a line end after every line. */
  text: string;
  /** `vanity.yaml` when the first line is the comment `# vanity.yaml`. */
  file: string | undefined;
}

/** Text of `docs/NAME`. */
export function readGuide(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
}

/** The blocks of `docs/NAME` in their order. */
export function guideBlocks(name: string): GuideBlock[] {
  let heading = '';
  return [...readGuide(name).matchAll(/^## (.*)$|^```(\w*)\n([^]*?)^```$/gm)].flatMap(
    ([, title, language = '', text = '']) => {
      if (title !== undefined) {
        heading = title;
        return [];
      }
      return [{ heading, language, text, file: /^# (\S+\.yaml)\n/.exec(text)?.[1] }];
    },
  );
}

/** The one block of `docs/NAME` that `pick` is true for; throws when there is none or more. */
export function guideBlock(name: string, pick: (block: GuideBlock) => boolean): string {
  const [found, ...more] = guideBlocks(name).filter(pick);
  if (found === undefined || more.length > 0) throw new Error(`docs/${name}: not one such block`);
  return found.text;
}
