import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { contractIn } from './support/contract-in-bucket.js';

contractIn({ bucket: inject('s3').plain, prefix: `contract/${randomUUID()}`, manyObjects: 100 });
