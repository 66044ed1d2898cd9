import type { S3Server } from './s3-server.js';
import { whatToInstall } from './install-ceph.js';
import { startCeph } from './start-ceph.js';
import { startMinio } from './start-minio.js';

/** The run's server: the one S3_ENDPOINT names, else a Ceph of one's own, else a container where Docker answers. */
export async function openS3Server(): Promise<S3Server> {
  const given = serverOfEnvironment();
  if (given !== undefined) return given;
  const server = (await startCeph()) ?? (await startMinio());
  if (server !== undefined) return server;
  throw new Error(
    'There is no S3 server to test against. Do one of these:\n' +
      '  set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY (and S3_REGION) to a server whose buckets may be made and deleted\n' +
      `  install Ceph on Debian, ${whatToInstall}\n` +
      '  start Docker, for MinIO in a container',
  );
}

function serverOfEnvironment(): S3Server | undefined {
  const { env } = process;
  const endpoint = env['S3_ENDPOINT'];
  if (!endpoint) return undefined;
  const accessKeyId = env['S3_ACCESS_KEY'] ?? env['S3_ACCESS_KEY_ID'] ?? env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['S3_SECRET_KEY'] ?? env['S3_SECRET_ACCESS_KEY'] ?? env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) {
    throw new Error('S3_ENDPOINT is set; set S3_ACCESS_KEY and S3_SECRET_KEY, too.');
  }
  const region = env['S3_REGION'] ?? env['AWS_REGION'] ?? 'us-east-1';
  return {
    name: 'the server of S3_ENDPOINT',
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    stop: async () => {},
  };
}
