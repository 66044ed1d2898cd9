/** Owner rows that the application deletes in one transaction. */
export const rowsPerTransaction = 100;
