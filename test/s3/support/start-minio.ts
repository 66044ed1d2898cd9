import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { S3Server } from './s3-server.js';

/** MinIO in a container; undefined where Docker does not answer within two seconds. */
export async function startMinio(): Promise<S3Server | undefined> {
  const docker = promisify(execFile)('docker', ['info'], { timeout: 2_000, killSignal: 'SIGKILL' });
  if (!(await docker.then(() => true).catch(() => false))) return undefined;

  const { MinioContainer } = await import('@testcontainers/minio');
  const container = await new MinioContainer('minio/minio:RELEASE.2025-09-07T16-13-09Z').start();
  return {
    name: 'MinIO in a container',
    endpoint: container.getConnectionUrl(),
    region: 'us-east-1',
    accessKeyId: container.getUsername(),
    secretAccessKey: container.getPassword(),
    stop: async () => void (await container.stop()),
  };
}
