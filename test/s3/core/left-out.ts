/**
 * Tests of the core that are left out on S3, by file or by name, each with its reason. What is not listed here and goes through
 * a storage runs on both.
 */
const watchesHalf =
  'It waits for half a file in the folder; a bucket shows nothing before the end, which its own suites test.';
const touchesFolder = 'It reads or removes a file in the folder itself.';
const processOfItsOwn = 'A process that it starts writes to a folder.';

export const leftOutFiles: Readonly<Record<string, string>> = {
  'test/registry/store-memory.test.ts': processOfItsOwn,
  'test/registry/upload-renewal.test.ts': watchesHalf,
  'test/outbox/backoff.test.ts':
    'Its storage is a fake and its subject the jitter: a slow drain may meet a pause of nothing and try twice.',
  'test/registry/read-length.test.ts': 'It changes objects in the folder itself.',
  'test/registry/errors.test.ts': "It is about the package's exports and no storage.",
};

export const leftOut: Readonly<Record<string, string>> = {
  'a full disk fails the upload, and what was written goes': 'It is about disks.',
  'a name that is taken is never overwritten: the second upload gets another key': touchesFolder,
  'a process that is killed while it writes leaves a reservation, and the half file goes with it':
    processOfItsOwn,
  'a signal that fires while bytes flow ends the upload at once and removes what was written': watchesHalf,
  'a stream that errors halfway leaves no bytes and a reservation that is due': watchesHalf,
  'a stream that nobody reads holds no file open, and bytes that go before are told by the stream':
    touchesFolder,
  'a stream that stalls longer than the time-to-live ends in an error, and nothing of it stays': watchesHalf,
  'content whose stream is silent for good ends with the time-to-live': watchesHalf,
  'an adopted object is a file with size and checksum, where it lies': touchesFolder,
  'bytes that were removed behind the back are reported as missing': touchesFolder,
  'the file is already missing in storage: no error, the row is settled': touchesFolder,
  'keeps its lease until that runs out, then another one finishes, file by file': processOfItsOwn,
};
