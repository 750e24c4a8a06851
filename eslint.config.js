import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import noCycle from './lint/no-cycle.js';
import { assertTableIsComplete, zoneConfigs } from './lint/zones.js';

assertTableIsComplete();

export default tseslint.config(
  { ignores: ['build', 'dist', 'coverage', 'data', 'release'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX, local: { rules: { 'no-cycle': noCycle } } },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } })],
    },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      'import-x/no-default-export': 'error',
      curly: ['error', 'multi-line', 'consistent'],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**'],
    rules: {
      // What a reader has in view at once, comments included; and what fits on a few screens.
      'max-lines-per-function': ['error', 80],
      complexity: ['error', 18],
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    // Their programs read a default export and nothing else.
    files: ['eslint.config.js', 'vitest.config.ts', 'lint/no-cycle.js'],
    rules: { 'import-x/no-default-export': 'off' },
  },
  { files: ['src/**', 'test/**', 'bench/**'], rules: { 'local/no-cycle': 'error' } },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
  },
  {
    files: ['src/web/static/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: Object.fromEntries(
        ['document', 'navigator', 'location', 'setTimeout', 'EventSource'].map((name) => [name, 'readonly']),
      ),
    },
  },
  zoneConfigs(),
);
