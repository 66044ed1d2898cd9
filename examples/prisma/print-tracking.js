/** Prints the SQL to put at the end of the migration that creates the tables: `node print-tracking.js`. */
import { trackFileColumnSql } from 'nestjs-file-registry';

/** An article in the bin holds nothing. */
const where = 'deleted_at is null';

const statements = [
  trackFileColumnSql({ table: 'author', column: 'avatar_id' }),
  trackFileColumnSql({ table: 'article', column: 'cover_id', where }),
  trackFileColumnSql({ table: 'article', column: 'gallery', where }),
];
process.stdout.write(statements.join(''));
