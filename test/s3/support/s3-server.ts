/** An S3 server for a test run. */
export interface S3Server {
  /** Shown at the beginning of a run. */
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}
