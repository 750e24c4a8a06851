/**
 * `node scripts/run-ts.js FILE [ARGUMENTS]`: runs `main(argv)` of a TypeScript file that is not part of the program. Vite
 * reads such a file, and the parts of `src` and `test/support` that it uses, as they are.
 */
import path from 'node:path';
import { createRunnableDevEnvironment, resolveConfig } from 'vite';

const [node, , file, ...rest] = process.argv;
// As Vite's `runnerImport` does it, which closes the environment at once: what is imported later (`await import`) would fail.
const config = await resolveConfig(
  {
    configFile: false,
    envDir: false,
    cacheDir: process.cwd(),
    oxc: { target: 'node20' },
    environments: {
      inline: {
        consumer: 'server',
        dev: { moduleRunnerTransform: true },
        resolve: { external: true, mainFields: [], conditions: ['node'] },
      },
    },
  },
  'serve',
);
const environment = createRunnableDevEnvironment('inline', config, {
  runnerOptions: { hmr: { logger: false } },
  hot: false,
});
await environment.init();
try {
  const module = await environment.runner.import(path.resolve(file));
  await module.main([node, file, ...rest]);
} finally {
  await environment.close();
}
