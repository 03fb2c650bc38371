// Unpacks the browsers of the npm packages: `node unpack.mjs FOLDER` writes FOLDER/109/chromium and so on, with the
// libraries of each version in FOLDER/109/lib.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const packages = join(dirname(fileURLToPath(import.meta.url)), 'npm/node_modules');
const [, , folder] = process.argv;

for (const name of readdirSync(packages)) {
  const [, version] = /^chromium-(\d+)$/.exec(name) ?? [];
  if (version) unpack(join(packages, name, 'bin'), join(folder, version));
}

function unpack(from, to) {
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) {
    const contents = brotliDecompressSync(readFileSync(join(from, file)));
    if (file.endsWith('.tar.br')) {
      execFileSync('tar', ['--extract', '--directory', to], { input: contents });
    } else {
      const program = join(to, file.replace(/\.br$/, ''));
      writeFileSync(program, contents);
      chmodSync(program, 0o755);
    }
  }
}
