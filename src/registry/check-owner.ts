import { inspect } from 'node:util';
import { isStorableText } from '../database/is-storable-text.js';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';
import type { Owner, OwnerSelector } from './owner.js';
import { ownerIdText } from './owner-id-text.js';

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
    id: text('id', ownerIdText(owner.id), idMaxBytes),
    slot: owner.slot === undefined ? null : text('slot', owner.slot, slotMaxBytes),
  };
}

/** The owner of a reference as the registry answered it; may be of a reserved type. @throws InvalidOwnerError */
export function checkReferenceOwner(owner: Owner): CheckedOwner {
  requireObject(owner);
  return {
    type: text('type', owner.type, typeMaxBytes),
    id: text('id', ownerIdText(owner.id), idMaxBytes),
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
  if (!isStorableText(value, maxBytes)) {
    return complain('must be well-formed text without NUL');
  }
  return value;
}
