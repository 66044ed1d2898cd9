import type { FileArgument, FileReference, FileRegistry } from 'nestjs-file-registry';

/** Everybody who holds the file, a page of references at a time, however many there are. */
export async function* referencesOf(
  files: FileRegistry,
  file: FileArgument,
  pageSize = 1000,
): AsyncGenerator<FileReference, void> {
  let after: FileReference | undefined;
  do {
    const page = await files.references(file, { after, limit: pageSize });
    yield* page;
    after = page.length === pageSize ? page.at(-1) : undefined;
  } while (after !== undefined);
}
