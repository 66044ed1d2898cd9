import { inspect } from 'node:util';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';
import type { Owner, OwnerSelector } from './owner.js';

/** An owner as the database knows it. */
export interface CheckedOwner {
  readonly type: string;
  readonly id: string;
  readonly slot: string;
}

export type CheckedOwnerSelector = Omit<CheckedOwner, 'slot'> & { readonly slot: string | null };

const typeMaxBytes = 100;
const idMaxBytes = 255;
const slotMaxBytes = 255;

/** @throws InvalidOwnerError */
export function checkOwner(owner: Owner): CheckedOwner {
  const { type, id, slot } = checkOwnerSelector(owner);
  return { type, id, slot: slot ?? text('slot', undefined, slotMaxBytes) };
}

/** @throws InvalidOwnerError */
export function checkOwnerSelector(owner: OwnerSelector): CheckedOwnerSelector {
  requireObject(owner);
  const type = text('type', owner.type, typeMaxBytes);
  if (type === 'file' || type.startsWith('registry:')) {
    throw new InvalidOwnerError(
      `The owner type '${type}' is reserved for the registry. Choose another, such as the name of the record's table.`,
      { context: { field: 'type', value: type } },
    );
  }
  return {
    type,
    id: text('id', idText(owner.id), idMaxBytes),
    slot: owner.slot === undefined ? null : text('slot', owner.slot, slotMaxBytes),
  };
}

/** The owner of a reference as the registry answered it; may be of a reserved type. @throws InvalidOwnerError */
export function checkReferenceOwner(owner: Owner): CheckedOwner {
  requireObject(owner);
  return {
    type: text('type', owner.type, typeMaxBytes),
    id: text('id', idText(owner.id), idMaxBytes),
    slot: text('slot', owner.slot, slotMaxBytes),
  };
}

function requireObject(owner: unknown): void {
  if (typeof owner !== 'object' || owner === null) {
    throw new InvalidOwnerError(`An owner is { type, id, slot }, received ${inspect(owner, { depth: 0 })}.`, {
      context: { owner },
    });
  }
}

function idText(id: unknown): unknown {
  if (typeof id === 'bigint' || (typeof id === 'number' && Number.isSafeInteger(id))) {
    return String(id);
  }
  if (typeof id === 'number') {
    throw new InvalidOwnerError(
      `The owner's id ${id} is no exact whole number. Pass it as a string or a bigint, as the database holds it.`,
      { context: { field: 'id', value: id } },
    );
  }
  return id;
}

function text(field: 'type' | 'id' | 'slot', value: unknown, maxBytes: number): string {
  const complain = (problem: string): never => {
    const received =
      typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : inspect(value, { depth: 0 });
    throw new InvalidOwnerError(`The owner's ${field} ${problem}, received ${received}.`, {
      context: { field, value },
    });
  };
  if (typeof value !== 'string' || value === '') {
    return complain('must be a text that is not empty');
  }
  if (Buffer.byteLength(value) > maxBytes) {
    return complain(`must have at most ${maxBytes} bytes`);
  }
  // NUL cannot be stored, and lone surrogates would all become the same replacement character: two owners in one.
  if (value.includes('\0') || !value.isWellFormed()) {
    return complain('must be well-formed text without NUL');
  }
  return value;
}
