import type { S3Client } from '@aws-sdk/client-s3';
import { assertObjectKey } from './assert-object-key.js';

/** A bucket, or what lies below a prefix of it, and the client that reaches it. */
export class S3Place {
  readonly location: string;
  /**
   * True once an answer showed that the bucket keeps versions, or has kept some, which no bucket ever unlearns: from then on a
   * key without a version is erased version by version at once, without a delete marker on the way.
   */
  keepsVersions = false;

  constructor(
    readonly client: S3Client,
    readonly bucket: string,
    /** Empty, or with a `/` at its end: `images/` never sees `images2/`. */
    readonly prefix: string,
    /** What `location` calls the server. */
    readonly endpoint?: string | undefined,
  ) {
    this.location = `s3://${endpointOf(client, endpoint)}/${bucket}/${prefix}`;
  }

  /** The object's key in the bucket. Throws `InvalidKeyError`. */
  objectKey(key: string): string {
    assertObjectKey(key, this.prefix);
    return this.prefix + key;
  }
}

/** AWS has many hosts for S3, by region and by network, and one set of bucket names. */
const awsHost = /(?:^|\.)s3[.-](?:[a-z0-9-]+\.)*(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/;

/**
 * A client answers what its endpoint is only asynchronously, and a location is needed at once: so a client whose endpoint is not
 * named may reach any server, which is what `*` says.
 */
function endpointOf({ config }: S3Client, named: string | undefined): string {
  const url = named ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  if (named === undefined && config.isCustomEndpoint === true) return '*';
  const isAws = url === undefined || url === '' || awsHost.test(URL.parse(url)?.hostname ?? '');
  return isAws ? 'amazonaws.com' : withoutProtocol(url);
}

/** Host, port and path, by which one server is told from another. */
export function withoutProtocol(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : `${parsed.host}${parsed.pathname.replace(/\/$/, '')}`;
}
