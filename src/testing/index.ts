export { storageContract } from './storage-contract.js';
export type { StorageContractCase, StorageContractOptions } from './storage-contract.js';

export { memoryStorage } from './memory-storage.js';
export type { MemoryStorage, MemoryStorageOptions } from './memory-storage.js';

export { faultyStorage } from './faulty-storage.js';
export type { FaultPlan, FaultSchedule, FaultyStorage, StorageCall } from './faulty-storage.js';
export { faults } from './faults.js';
export type { FailureKind, Fault, KeyFault, StorageCallKind } from './faults.js';

export { drainAll } from './drain-all.js';
export { assertPending, assertSettled } from './outbox-assertions.js';
export type { ModuleContext } from './module-context.js';
