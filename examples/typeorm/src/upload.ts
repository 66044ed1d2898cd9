import type { FileContent } from 'nestjs-file-registry';

export interface Upload {
  content: FileContent;
  filename: string;
}
