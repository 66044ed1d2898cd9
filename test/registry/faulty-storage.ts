import { type FileStorage, localStorage } from 'nestjs-file-registry';

/** A local storage of which a test may replace a step for a while; the real one stays within reach as `real`. */
export class FaultyStorage implements FileStorage {
  readonly real: FileStorage;
  onWrite: FileStorage['write'] | undefined;
  onDelete: FileStorage['delete'] | undefined;

  constructor(root: string) {
    this.real = localStorage({ root });
  }

  get location(): string {
    return this.real.location;
  }

  /** Works as it should again. */
  heal(): void {
    this.onWrite = this.onDelete = undefined;
  }

  check: FileStorage['check'] = () => this.real.check();
  read: FileStorage['read'] = (object, options) => this.real.read(object, options);
  stat: FileStorage['stat'] = (object) => this.real.stat(object);
  list: FileStorage['list'] = (options) => this.real.list(options);

  // Not async: what a step throws synchronously must arrive so.
  write: FileStorage['write'] = (key, content, options) =>
    (this.onWrite ?? this.real.write)(key, content, options);

  delete: FileStorage['delete'] = (objects, options) => (this.onDelete ?? this.real.delete)(objects, options);
}
