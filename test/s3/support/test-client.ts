import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    s3: {
      readonly endpoint: string;
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      /** Of this run: one plain bucket, and one that keeps versions. Each test keeps to a prefix of its own. */
      readonly plain: string;
      readonly versioned: string;
    };
  }
}

/** A client of the run's server as an application makes it. */
export function testClient(overrides: S3ClientConfig = {}): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = inject('s3');
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    ...overrides,
  });
}
