export { openTelemetry } from './open-telemetry.js';
export { openTelemetryDefaults, openTelemetryLimits } from './open-telemetry-options.js';
export type { OpenTelemetryOptions } from './open-telemetry-options.js';
