import { afterEach, describe, expect, test } from 'vitest';
import { createHttpApp, platforms } from './support/http-app.js';

const limitBytes = 100_000;
const apps = await Promise.all(
  platforms.flatMap((platform) => [
    createHttpApp(platform, { uploadMaxBytes: limitBytes }),
    createHttpApp(platform, { registry: { maxSizeBytes: limitBytes } }),
  ]),
);
const cases = apps.map((app, index) => ({
  app,
  where: `${index % 2 === 0 ? 'the limit of the form' : 'maxSizeBytes'} on ${app.platform}`,
}));

describe.each(cases)('with $where', ({ app }) => {
  afterEach(async () => {
    await app.assertLaws();
    await app.forget();
    await app.untilNothingIsLeft();
  });

  test.each([limitBytes + 1, 20 * limitBytes])(
    '%d bytes are too many, and leave nothing',
    async (sizeBytes) => {
      const response = await app.publish('Large', Buffer.alloc(sizeBytes));
      expect(response.status).toBe(413);
      expect(await app.articles()).toEqual([]);
      await app.untilNothingIsLeft();
    },
  );

  test('as many as allowed are not', async () => {
    expect((await app.publish('Largest', Buffer.alloc(limitBytes))).status).toBe(201);
    expect(await app.rows()).toMatchObject([{ size: expect.anything() }]);
  });
});
