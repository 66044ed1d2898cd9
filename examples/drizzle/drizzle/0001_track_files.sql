select "file_registry".take_in_rows(t.id, 2147483647, false) from (select ("file_registry".track_column('"author"'::regclass, 'avatar_id'::text, null::text, null::text, null::text, null::text[], null::text, 'true'::boolean) ->> 'id')::integer as id) t;
--> statement-breakpoint
select "file_registry".take_in_rows(t.id, 2147483647, false) from (select ("file_registry".track_column('"article"'::regclass, 'cover_id'::text, null::text, null::text, null::text, null::text[], 'deleted_at is null'::text, 'true'::boolean) ->> 'id')::integer as id) t;
--> statement-breakpoint
select "file_registry".take_in_rows(t.id, 2147483647, false) from (select ("file_registry".track_column('"article"'::regclass, 'gallery'::text, null::text, null::text, null::text, null::text[], 'deleted_at is null'::text, 'true'::boolean) ->> 'id')::integer as id) t;
