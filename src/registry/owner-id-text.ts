import { inspect } from 'node:util';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';

/** The most columns a key of PostgreSQL has. */
export const ownerIdPartsMax = 32;

/**
 * The text of an owner's id. A list becomes the JSON array of its parts' texts, which JSON.stringify and PostgreSQL's
 * `to_json(text)` escape alike: SQL and TypeScript name the same owner. What is no text in the end is left to the caller.
 *
 * @throws InvalidOwnerError
 */
export function ownerIdText(id: unknown): unknown {
  if (!Array.isArray(id)) {
    return partText(id);
  }
  if (id.length === 0 || id.length > ownerIdPartsMax) {
    throw refuse(`The owner's id must have 1 to ${ownerIdPartsMax} parts, received ${id.length}.`, id);
  }
  // Unlike map, this does not skip the holes of a sparse list.
  return JSON.stringify(Array.from(id, requirePart));
}

/** The parts of an id of so many; undefined for every other text, which is no such id. */
export function ownerIdParts(id: string, count: number): readonly string[] | undefined {
  try {
    const parts: unknown = JSON.parse(id);
    return Array.isArray(parts) && parts.length === count && parts.every(isPart) ? parts : undefined;
  } catch {
    return undefined;
  }
}

function isPart(part: unknown): part is string {
  return typeof part === 'string' && isKept(part);
}

/** As JSON both others would be escaped and look storable; SQL could not make the same text of them. */
function isKept(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function requirePart(part: unknown, index: number): string {
  const text = partText(part);
  if (typeof text !== 'string') {
    throw refuse(
      `Part ${index} of the owner's id must be a text or a whole number, received ${inspect(part, { depth: 0 })}.`,
      part,
    );
  }
  if (!isKept(text)) {
    throw refuse(
      `Part ${index} of the owner's id must be well-formed text without NUL, received ${JSON.stringify(text.slice(0, 100))}.`,
      part,
    );
  }
  return text;
}

function partText(part: unknown): unknown {
  if (typeof part === 'bigint' || (typeof part === 'number' && Number.isSafeInteger(part))) {
    return String(part);
  }
  if (typeof part === 'number') {
    throw refuse(
      `The owner's id ${part} is no exact whole number. Pass it as a string or a bigint, as the database holds it.`,
      part,
    );
  }
  if (part instanceof Date) {
    throw refuse("The owner's id is a Date, which has many texts. Pass the text the database holds.", part);
  }
  return part;
}

function refuse(message: string, value: unknown): InvalidOwnerError {
  return new InvalidOwnerError(message, { context: { field: 'id', value } });
}
