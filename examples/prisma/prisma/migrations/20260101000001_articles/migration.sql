-- CreateTable
CREATE TABLE "author" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "avatar_id" UUID,

    CONSTRAINT "author_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "article" (
    "id" SERIAL NOT NULL,
    "author_id" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "cover_id" UUID,
    "gallery" UUID[] DEFAULT ARRAY[]::UUID[],
    "deleted_at" TIMESTAMPTZ,

    CONSTRAINT "article_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "author_name_key" ON "author"("name");

-- CreateIndex
CREATE UNIQUE INDEX "article_title_key" ON "article"("title");

-- AddForeignKey
ALTER TABLE "article" ADD CONSTRAINT "article_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "author"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Printed by print-tracking.js
select "file_registry".take_in_rows(t.id, 2147483647, false) from (select ("file_registry".track_column('"author"'::regclass, 'avatar_id'::text, null::text, null::text, null::text, null::text[], null::text, 'true'::boolean) ->> 'id')::integer as id) t;
select "file_registry".take_in_rows(t.id, 2147483647, false) from (select ("file_registry".track_column('"article"'::regclass, 'cover_id'::text, null::text, null::text, null::text, null::text[], 'deleted_at is null'::text, 'true'::boolean) ->> 'id')::integer as id) t;
select "file_registry".take_in_rows(t.id, 2147483647, false) from (select ("file_registry".track_column('"article"'::regclass, 'gallery'::text, null::text, null::text, null::text, null::text[], 'deleted_at is null'::text, 'true'::boolean) ->> 'id')::integer as id) t;
