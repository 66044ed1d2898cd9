import { inject } from 'vitest';
import { contractIn } from './support/contract-in-bucket.js';

contractIn({ bucket: inject('s3').versioned, manyObjects: 100 });
