import { demand } from './broken.js';
import { bytesOf } from './content.js';
import type { ContractCase } from './contract-case.js';
import { type ContractSubject, demandSizeAndAge, quoted } from './contract-subject.js';

export function statCases(): ContractCase[] {
  return [
    {
      name: 'stat: gives the size, the age and the version of what lies there',
      async run(subject) {
        for (const size of [0, 1234]) {
          const key = subject.key(`sized/${size}`);
          const { versionId } = await subject.write(key, bytesOf(size));
          const what = `stat(${quoted(key)}) of ${size} bytes`;
          const stored = await subject.succeeds(what, () => subject.storage.stat({ key }));
          demand(stored !== null && typeof stored === 'object', () => `${what} gave ${String(stored)}.`);
          demandSizeAndAge(stored.sizeBytes, stored.ageMs, what);
          demand(stored.sizeBytes === size, () => `${what} gave ${stored.sizeBytes} bytes.`);
          demand(
            versionId === undefined || stored.versionId === versionId,
            () => `${what} gave version ${String(stored.versionId)}; write returned ${String(versionId)}.`,
          );
        }
      },
    },
    {
      name: 'stat: gives null where nothing is',
      async run(subject) {
        await demandNull(subject, subject.key('absent'));
        const key = subject.key('folder/file');
        const { versionId } = await subject.write(key);
        await demandNull(subject, subject.key('folder/absent'));
        await demandNull(subject, subject.key('fold'));
        await subject.deleteAll([{ key, versionId, abandoned: false }]);
        await demandNull(subject, key);
        if (versionId !== undefined) await demandNull(subject, key, versionId);
      },
    },
  ];
}

async function demandNull(subject: ContractSubject, key: string, versionId?: string): Promise<void> {
  const what = `stat(${quoted(key)}) where nothing is`;
  const stored = await subject.succeeds(what, () => subject.storage.stat({ key, versionId }));
  demand(stored === null, () => `${what} gave ${JSON.stringify(stored)}; null was due.`);
}
