/** What runs a query: a node-postgres pool or client. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: any[] }>; // a row is what the query makes it
}
