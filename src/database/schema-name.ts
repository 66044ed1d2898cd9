import { inspect } from 'node:util';
import { InvalidOptionError } from '../errors/invalid-option-error.js';

export const defaultSchema = 'file_registry';

/** PostgreSQL cuts longer names silently, so that two of them could meet in one schema. */
const schemaMaxBytes = 63;

/** Checks a schema's name: any that PostgreSQL accepts, also one that needs quoting. */
export function checkSchemaName(schema: unknown): string {
  const complain = (problem: string): never => {
    throw new InvalidOptionError(
      `schema: ${problem}, received ${typeof schema === 'string' ? JSON.stringify(schema) : inspect(schema, { depth: 0 })}. The default is '${defaultSchema}'.`,
      {
        context: { option: 'schema', value: schema },
      },
    );
  };
  if (typeof schema !== 'string' || schema === '') {
    return complain('expected the name of a schema');
  }
  if (Buffer.byteLength(schema) > schemaMaxBytes) {
    return complain(`expected at most ${schemaMaxBytes} bytes`);
  }
  if (schema.includes('\0') || !schema.isWellFormed()) {
    return complain('expected well-formed text without NUL');
  }
  if (schema.startsWith('pg_')) {
    return complain("names that begin with 'pg_' belong to PostgreSQL");
  }
  return schema;
}
