import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const project = fileURLToPath(new URL('../../', import.meta.url));

test('nothing but the program itself imports the program', () => {
  const others = globSync('src/**/*.ts', { cwd: project }).filter((file) => !file.startsWith('src/cli/'));
  expect(others.length).toBeGreaterThan(100);
  const importing = others.filter((file) =>
    /^(?!.*(?:import|export) type).*from '.*(\/cli\/|commander|cli-progress)/m.test(
      readFileSync(project + file, 'utf8'),
    ),
  );
  expect(importing).toEqual([]);
});
