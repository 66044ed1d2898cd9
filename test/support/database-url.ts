/** The same server's connection string for another database, and for another role if one is given. */
export function databaseUrl(
  server: string,
  database: string,
  role?: { name: string; password: string },
): string {
  const url = new URL(server);
  url.pathname = `/${encodeURIComponent(database)}`;
  if (role !== undefined) {
    url.username = encodeURIComponent(role.name);
    url.password = encodeURIComponent(role.password);
  }
  return url.href;
}
