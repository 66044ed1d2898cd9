import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { project } from './run-script.js';

export interface Block {
  readonly page: string;
  readonly language: string;
  readonly code: string;
  /** The file of the repository that it is taken from. */
  readonly source: string | undefined;
}

export const pages: ReadonlyMap<string, string> = new Map(
  readdirSync(join(project, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => [name, readFileSync(join(project, 'docs', name), 'utf8')]),
);

/** The code blocks of the pages, each with the file that the comment before it names. */
export function docsBlocks(...names: string[]): Block[] {
  return [...pages]
    .filter(([page]) => names.length === 0 || names.includes(page))
    .flatMap(([page, text]) =>
      Array.from(
        text.matchAll(/(?:^<!-- (\S+) -->\n\n)?^```(\w+)\n([^]*?)^```$/gm),
        ([, source, language = '', code = '']) => ({ page, language, code, source }),
      ),
    );
}

/** Links within the repository that lead nowhere. */
export function brokenLinks(page: string, text: string): string[] {
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(project, page) : join(project, dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
  });
}

/** As GitHub makes them of headings. */
function anchors(path: string): string[] {
  return Array.from(readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
