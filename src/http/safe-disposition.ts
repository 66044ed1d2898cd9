export type Disposition = 'inline' | 'attachment';

/** What browsers show without running anything in it. XML of any kind can bring scripts, and SVG is XML by whatever name. */
const shown = /^(?![^;]*(?:xml|svg))(?:image\/|audio\/|video\/|(?:text\/plain|application\/pdf)\s*(?:;|$))/i;

/** Shown only where that is harmless: HTML, SVG, XML or scripts of a stranger would run as the site's own. */
export function safeDisposition(contentType: string): Disposition {
  return shown.test(contentType) ? 'inline' : 'attachment';
}
