import { broken, demand } from './broken.js';
import type { ContractCase } from './contract-case.js';

export function placeCases(): ContractCase[] {
  return [
    {
      name: 'location: is a text that stays the same',
      async run(subject) {
        const { storage } = subject;
        const first = storage.location;
        demand(
          typeof first === 'string' && first.trim() !== '',
          () =>
            `location is ${JSON.stringify(first)}; two storages over one place are told by it, give it a text.`,
        );
        await subject.write(subject.key('a'));
        if (storage.location !== first) {
          throw broken(
            `location was '${first}' and is '${storage.location}' after a write; it must not change.`,
          );
        }
      },
    },
    {
      name: 'check: resolves, again and again, and leaves nothing',
      async run(subject) {
        await subject.succeeds('check()', () => subject.storage.check());
        await subject.succeeds('check(), called again,', () => subject.storage.check());
        await subject.demandNothingLeft('check()');
      },
    },
  ];
}
