import type { ContractSubject } from './contract-subject.js';

/** A case as the groups write it: a name that states the behaviour, and what to do with the storage under test. */
export interface ContractCase {
  readonly name: string;
  readonly run: (subject: ContractSubject) => Promise<void>;
}

export interface ContractSizes {
  readonly largeBytes: number;
  readonly manyObjects: number;
}
