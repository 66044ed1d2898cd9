// Writes without ever coming to an end, and says when bytes have reached the disk. Run as a process of its own, on the
// sources: Node strips the types, the hook finds `x.ts` where `x.js` is imported.
import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';

registerHooks({
  resolve(specifier, context, next) {
    const source = specifier.startsWith('.') && new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    return next(source && existsSync(source) ? source.href : specifier, context);
  },
});
const { localStorage } = await import('../../../src/storage/local/local-storage.ts');

const [root, key] = process.argv.slice(2);
const temporary = join(root, `${key}.part`);

async function* endless() {
  for (;;) {
    yield Buffer.alloc(4096);
    if (process.connected && existsSync(temporary) && statSync(temporary).size > 0) process.send('half');
    await new Promise(setImmediate);
  }
}

await localStorage({ root }).write(key, Readable.from(endless()), { contentType: 'text/plain' });
