import { beforeEach } from 'vitest';
import { leftOut } from './left-out.js';

beforeEach(({ task, skip }) => {
  const reason = leftOut[task.name];
  if (reason !== undefined) skip(reason);
});
