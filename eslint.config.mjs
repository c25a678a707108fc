import { existsSync, readdirSync } from 'node:fs';
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Modules that builds for browsers replace by their `.browser.ts` neighbour. */
const nodeModules = readdirSync('lib', { recursive: true })
  .filter((path) => path.endsWith('.ts') && existsSync(`lib/${path.slice(0, -3)}.browser.ts`))
  .map((path) => `lib/${path}`);

export default defineConfig(
  globalIgnores(['dist/', 'build*/', 'coverage/', 'docs/api/', 'prebuilds/', '**/.venv/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Data of files and of other libraries' untyped modules is checked by hand, field by field.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'no-control-regex': 'off',
      // Kernels compare bytes of arrays with the enums that the contract gives them.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      // What stands in for an asynchronous function has its signature.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      // The contract of kernels says that this one is no error of theirs.
      '@typescript-eslint/only-throw-error': ['error', { allow: [{ from: 'file', name: 'DisallowedAddedToken' }] }],
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    // Code that browsers run too.
    files: ['lib/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'lib runs in browsers; put Node’s part into a module with a .browser.ts neighbour.' }] },
      ],
      'no-restricted-globals': ['error', { name: 'Buffer', message: 'lib runs in browsers.' }],
    },
  },
  {
    files: ['lib/cli/**/*.ts', 'lib/package-root.ts', ...nodeModules],
    rules: { 'no-restricted-imports': 'off', 'no-restricted-globals': 'off' },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      'no-loss-of-precision': 'off',
      'preserve-caught-error': 'off',
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', module: 'writable', process: 'readonly', console: 'readonly', __dirname: 'readonly' },
    },
  },
);
