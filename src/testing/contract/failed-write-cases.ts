import { Readable } from 'node:stream';
import { demand } from './broken.js';
import { bytesOf, guarded, HeldContent, streamOf } from './content.js';
import type { ContractCase } from './contract-case.js';
import { type ContractSubject, quoted } from './contract-subject.js';

export function failedWriteCases(): ContractCase[] {
  return [
    {
      name: 'write: rejects when its content fails half-way, and leaves nothing',
      run: (subject) =>
        breakHalfway(subject, 'whose content failed half-way', (content) => {
          content.destroy(new Error('the client hung up'));
        }),
    },
    {
      name: 'write: rejects when its content is closed without an end, and leaves nothing',
      run: (subject) =>
        breakHalfway(subject, 'whose content was closed half-way, without an end or an error,', (content) => {
          content.destroy();
        }),
    },
    {
      name: 'write: rejects when its signal fires half-way, destroys its content and leaves nothing',
      run: (subject) => {
        const abort = new AbortController();
        return breakHalfway(subject, 'whose signal fired half-way', () => abort.abort(), abort.signal);
      },
    },
    {
      name: 'write: rejects when its content failed before it was read, and leaves nothing',
      async run(subject) {
        const key = subject.key('early');
        const what = `write(${quoted(key)}) whose content failed before it was read`;
        const content = guarded(new Readable({ read: () => undefined }));
        const writing = subject.startWrite(key, content);
        content.destroy(new Error('the client hung up'));
        await subject.rejects(what, () => writing);
        await subject.demandMissing(key, 'after a write that rejected');
        await subject.demandNothingLeft(what);
      },
    },
    {
      name: 'write: rejects when its signal fired before, destroys its content and leaves nothing',
      async run(subject) {
        const key = subject.key('aborted');
        const what = `write(${quoted(key)}) with a signal that fired before`;
        const content = streamOf(bytesOf(1000));
        await subject.rejects(what, () => subject.startWrite(key, content, { signal: AbortSignal.abort() }));
        demandDestroyed(content, what);
        await subject.demandMissing(key, 'after a write that rejected');
        await subject.demandNothingLeft(what);
      },
    },
  ];
}

async function breakHalfway(
  subject: ContractSubject,
  whose: string,
  breakIt: (content: HeldContent) => void,
  signal?: AbortSignal,
): Promise<void> {
  const [key, content] = [subject.key('broken/half'), new HeldContent()];
  const what = `write(${quoted(key)}) ${whose}`;
  const writing = subject.startWrite(key, content, signal === undefined ? {} : { signal });
  try {
    await subject.untilHalfway(what, writing, content);
    breakIt(content);
    await subject.rejects(what, () => writing);
    demandDestroyed(content, what);
  } finally {
    content.destroy();
    writing.catch(() => undefined);
  }
  await subject.demandMissing(key, 'after a write that rejected');
  await subject.demandNothingLeft(what);
}

function demandDestroyed(content: Readable, what: string): void {
  demand(
    content.destroyed,
    () => `${what} rejected but did not destroy its content, whose source is never told.`,
  );
}
