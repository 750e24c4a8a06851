import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Forbids imports that would turn the layers upside down (docs/architecture.md). */
function layer(files, forbidden) {
  return {
    files,
    rules: {
      'no-restricted-imports': ['error', { patterns: forbidden.map((group) => ({ group: [group] })) }],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'data'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
  },
  layer(
    ['src/module/**'],
    ['../vcs/*', '../vanity/*', '../proxy/*', '../cli/*', 'node:fs*', 'node:child_process', 'fastify'],
  ),
  layer(['src/vcs/**'], ['../vanity/*', '../proxy/*', '../verify/*', '../cli/*', 'fastify']),
  layer(['src/vanity/**'], ['../vcs/*', '../proxy/*', '../verify/*', '../cli/*']),
  layer(['src/proxy/**'], ['../verify/*', '../cli/*', 'simple-git']),
  layer(['src/verify/**'], ['../cli/*', '../transfer/*', 'fastify', 'simple-git']),
  layer(['src/transfer/**'], ['../cli/*', '../vcs/*', 'fastify', 'simple-git']),
);
