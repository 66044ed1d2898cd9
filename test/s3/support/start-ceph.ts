import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CephCluster } from './ceph-cluster.js';
import { installCeph } from './install-ceph.js';
import type { S3Server } from './s3-server.js';

const credentials = { accessKeyId: 'access', secretAccessKey: 'secret-secret' };

/** A Ceph of one's own in a temporary folder, which is gone with this process; undefined where Ceph is not and cannot be installed. */
export async function startCeph(): Promise<S3Server | undefined> {
  if (!installCeph()) return undefined;
  const cluster = new CephCluster(mkdtempSync(join(tmpdir(), 'file-registry-ceph-')));
  const kill = () => cluster.kill();
  process.once('exit', kill);
  const stop = async () => {
    await cluster.stop();
    process.removeListener('exit', kill);
  };
  try {
    await cluster.start(credentials.accessKeyId, credentials.secretAccessKey);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: "Ceph's gateway", endpoint: cluster.endpoint, region: 'us-east-1', ...credentials, stop };
}
