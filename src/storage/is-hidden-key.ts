const temporary =
  /(?:^|\/)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*\.part|\.file-registry-check-[^/]*)$/;

/** True for the temporary file of an upload and for what `check` makes: they come and go, and no listing shows them. */
export function isHiddenKey(key: string): boolean {
  return temporary.test(key);
}
