export type Disposition = 'inline' | 'attachment';

/** What browsers show without running anything in it. SVG is an image that brings scripts. */
const shown = /^(?:image\/(?!svg)|audio\/|video\/|text\/plain\b|application\/pdf\b)/i;

/** Shown only where that is harmless: HTML, SVG, XML or scripts of a stranger would run as the site's own. */
export function safeDisposition(contentType: string): Disposition {
  return shown.test(contentType) ? 'inline' : 'attachment';
}
