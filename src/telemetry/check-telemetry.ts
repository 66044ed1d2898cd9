import { invalidOption } from '../options/invalid-option.js';
import type { FileRegistryTelemetry } from './file-registry-telemetry.js';

const methods = ['watch', 'beginPass', 'beginStorageCall', 'settled', 'deleted'] as const;

/** @throws InvalidOptionError for what is no telemetry at all, or has something else where a method belongs. */
export function checkTelemetry(telemetry: FileRegistryTelemetry): FileRegistryTelemetry {
  const isObject = typeof telemetry === 'object' && telemetry !== null;
  if (!isObject || !methods.some((method) => method in telemetry)) {
    throw invalidOption('telemetry', `expected an object with ${methods.join(', ')}`, telemetry);
  }
  for (const method of methods) {
    if (telemetry[method] !== undefined && typeof telemetry[method] !== 'function') {
      throw invalidOption(`telemetry.${method}`, 'expected a function', telemetry[method]);
    }
  }
  return telemetry;
}
