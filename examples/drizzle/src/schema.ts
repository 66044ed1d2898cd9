import { integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const author = pgTable('author', {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  name: text().notNull().unique(),
  avatarId: uuid('avatar_id'),
});

export const article = pgTable('article', {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  authorId: integer('author_id')
    .notNull()
    .references(() => author.id, { onDelete: 'cascade' }),
  title: text().notNull().unique(),
  coverId: uuid('cover_id'),
  gallery: uuid().array().notNull().default([]),
  deletedAt: timestamp('deleted_at', { withTimezone: true }),
});
