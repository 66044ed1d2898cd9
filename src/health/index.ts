export { FileRegistryHealthIndicator } from './file-registry-health-indicator.js';
export type { FileRegistryHealth, FileRegistryHealthProblem } from './file-registry-health.js';
export { healthThresholdDefaults, healthThresholdLimits } from './health-thresholds.js';
export type { FileRegistryHealthThresholds } from './health-thresholds.js';
