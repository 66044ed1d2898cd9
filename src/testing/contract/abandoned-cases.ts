import { HeldContent } from './content.js';
import type { ContractCase } from './contract-case.js';
import { quoted } from './contract-subject.js';

/** What has to happen to uploads that were given up, and to those that were not. */
export function abandonedCases(): ContractCase[] {
  return [
    {
      name: 'delete: an abandoned upload goes with everything it had written, also one that lands late',
      async run(subject) {
        const [key, content] = [subject.key('stalled'), new HeldContent()];
        const what = `write(${quoted(key)})`;
        const object = { key, abandoned: true };
        const writing = subject.startWrite(key, content);
        try {
          await subject.untilHalfway(what, writing, content);
          await subject.deleteAll([object], ' of an upload that is half done');
          await subject.demandMissing(key, 'after its abandoned upload was deleted');
        } finally {
          // It may fail now or land; the registry deletes it a second time for that.
          content.release();
          await subject.within(`${what}, abandoned half-way,`, () => Promise.allSettled([writing]));
        }
        await subject.deleteAll([object], ' of an abandoned upload, the second time,');
        await subject.demandMissing(key, 'after its abandoned upload was deleted twice');
        await subject.demandNothingLeft('delete of an abandoned upload');
      },
    },
    {
      name: 'delete: an abandoned upload takes no other upload with it',
      async run(subject) {
        const [abandoned, content] = [subject.key('photo'), new HeldContent()];
        const key = subject.key('photo1.jpg');
        const what = `write(${quoted(key)}) beside an abandoned upload`;
        const writing = subject.startWrite(key, content);
        try {
          await subject.untilHalfway(what, writing, content);
          await subject.deleteAll([{ key: abandoned, abandoned: true }]);
        } finally {
          content.release();
          await subject.within(what, () => Promise.allSettled([writing]));
        }
        await subject.succeeds(what, () => writing);
        await subject.demandBytes(key, content.bytes);
      },
    },
  ];
}
