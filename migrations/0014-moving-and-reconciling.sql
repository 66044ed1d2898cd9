-- Moving files between storages, and comparing what a storage holds with what the rows say.

-- Reserves a key for an upload that a client makes by itself, and keeps what it may write, so that confirming need not trust the
-- client. The reservation outlives the client's permission by ttl_ms, because a write may land late. Answers when the permission
-- ends.
create function @schema@.reserve_for_client(
  file_id uuid, storage text, key text, filename text, content_type text, max_size bigint, expires_in_ms bigint, ttl_ms bigint
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  expires_at timestamptz := clock_timestamp() + expires_in_ms * interval '1 millisecond';
begin
  perform @schema@.reserve(file_id, storage, key, filename, expires_in_ms + ttl_ms);

  update @schema@.deletions d
     set terms = jsonb_build_object('contentType', content_type, 'maxSizeBytes', max_size, 'expiresAt', expires_at)
   where d.file_id = reserve_for_client.file_id;
  return json_build_object('expiresAt', expires_at);
end
$body$;


-- Where an upload that a client makes by itself is to be looked for, and what it may be; null for every other id.
create function @schema@.reservation_of(file_id uuid) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select json_build_object('state', d.state, 'storage', d.storage, 'key', d.key, 'terms', d.terms)
    from @schema@.deletions d
   where d.file_id = reservation_of.file_id
     and d.reason  = 'upload'
     and d.terms is not null
$body$;


-- Gives up an upload that is not what the client was allowed to write. It is due at once, and once more when nobody may write the
-- key any longer: the second pass over an abandoned upload counts from condemned_at.
create function @schema@.refuse_upload(file_id uuid) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  update @schema@.deletions d
     set state           = 'abandoned',
         condemned_at    = greatest(clock_timestamp(), (d.terms ->> 'expiresAt')::timestamptz),
         next_attempt_at = clock_timestamp()
   where d.file_id = refuse_upload.file_id
     and d.state   = 'reserved'
     and d.terms is not null
$body$;


-- Lets a file be at the reserved key from now on, once its bytes are there (law 5); the bytes it leaves are due to go. Answers
-- 'moved', 'busy' where a transaction is attaching or erasing it, 'changed' where it is elsewhere or gone, or 'expired' where the
-- reservation was taken back. Moving it there again answers 'moved', so that a lost answer can be asked for again.
-- Locks: the file's row, not waited for; then the reservation's, which decides against the processor's claim.
create function @schema@.move_file(
  file_id uuid, from_storage text, from_key text, reservation_id uuid, to_storage text, to_key text, version_id text
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  file @schema@.files;
begin
  perform @schema@.require_fresh_snapshot('a file can be moved');
  perform set_config('synchronous_commit', 'on', true);

  select f.* into file from @schema@.files f where f.id = move_file.file_id for update skip locked;
  if not found then
    return to_json(case when exists (select from @schema@.files f where f.id = move_file.file_id)
                        then 'busy'::text else 'changed' end);
  end if;
  if (file.storage, file.key) = (to_storage, to_key) then
    return to_json('moved'::text);
  end if;
  if (file.storage, file.key) <> (from_storage, from_key) then
    return to_json('changed'::text);
  end if;

  perform
     from @schema@.deletions d
    where d.file_id = reservation_id
      and d.state   = 'reserved'
      and d.terms is null
      for update;
  if not found then
    return to_json('expired'::text);
  end if;

  update @schema@.files f
     set storage    = to_storage,
         key        = to_key,
         version_id = move_file.version_id
   where f.id = move_file.file_id;
  return to_json('moved'::text);
end
$body$;


-- Whether any row speaks of a storage.
create function @schema@.knows_storage(storage text) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select exists (select from @schema@.files f where f.storage = knows_storage.storage)
      or exists (select from @schema@.deletions d where d.storage = knows_storage.storage)
$body$;


-- A page of a storage's files in the order of their keys' bytes, behind one key and not before another: a list for each column,
-- which is a third less for the reader to hold. Checksums come only where they are asked for.
create function @schema@.files_by_key(
  storage text, after_key text, from_key text, page_size integer, with_checksums boolean
) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select json_build_object(
           'ids',        coalesce(json_agg(p.id         order by p.key), '[]'),
           'keys',       coalesce(json_agg(p.key        order by p.key), '[]'),
           'versionIds', coalesce(json_agg(p.version_id order by p.key), '[]'),
           'sizes',      coalesce(json_agg(p.size       order by p.key), '[]'),
           'checksums',  coalesce(json_agg(encode(p.checksum, 'hex') order by p.key) filter (where with_checksums), '[]'))
    from (select f.*
            from @schema@.files f
           where f.storage = files_by_key.storage
             and f.key >  (after_key collate "C")
             and f.key >= (from_key collate "C")
           order by f.key
           limit page_size) p
$body$;


-- Which of these keys rows account for: files, uploads and deletions that are under way, and adopted keys whose receipt is kept.
create function @schema@.accounted_keys(storage text, keys text[]) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(k.key), '[]')
    from unnest(keys) as k(key)
   where exists (select from @schema@.files f where f.storage = accounted_keys.storage and f.key = k.key)
      or exists (select from @schema@.adopted_keys a where a.storage = accounted_keys.storage and a.key = k.key)
      or exists (select
                   from @schema@.deletions d
                  where d.file_id = case
                                      when split_part(k.key, '/', -1) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
                                      then left(split_part(k.key, '/', -1), 36)::uuid
                                    end
                    and d.storage = accounted_keys.storage
                    and d.key     = k.key
                    and d.state  <> 'deleted')
$body$;


-- Which of these files are still at these keys: pairs is [{ "id", "key" }, …].
create function @schema@.files_still_at(storage text, pairs jsonb) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(f.id), '[]')
    from jsonb_to_recordset(pairs) as p(id uuid, key text)
    join @schema@.files f on f.id = p.id and f.storage = files_still_at.storage and f.key = p.key
$body$;


-- Makes files of objects that lie in a storage, unread: objects is [{ "fileId", "key", "versionId", "filename", "contentType",
-- "size" }, …]. Each gets the intent of a stored file and goes by its period unless somebody attaches it. Answers the keys that
-- were taken; the others are known by now, or busy.
create function @schema@.adopt_objects(storage text, objects jsonb) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(o.key) filter (where adopted is not null), '[]')
    from jsonb_to_recordset(objects)
      as o("fileId" uuid, key text, "versionId" text, filename text, "contentType" text, size bigint)
   cross join lateral @schema@.adopt(o."fileId", adopt_objects.storage, o.key, o."versionId", o.filename, o."contentType",
                                     o.size, null, '{}') adopted
$body$;


-- Takes over rows of an application that kept paths: each object becomes a file, unread, unless it is one already, and the owner gets
-- a reference to it. rows is as for adopt_objects, with "type", "id" and "slot" beside. Importing again changes nothing. Answers
-- how many files and references began, and the keys that cannot be taken now.
-- Locks: as attach_rows; objects that two imports take over at once are waited for, in the order of their keys.
create function @schema@.import_rows(storage text, rows jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  imported integer := 0;
  attached json;
  guarded  text;
  known    record;
begin
  perform @schema@.require_fresh_snapshot('rows can be imported');
  select r.refused ->> 'guarded' into guarded
    from (select distinct r.type, r.slot from jsonb_to_recordset(rows) as r(type text, slot text)) o
   cross join lateral @schema@.refuse_owner(o.type, o.slot) as r(refused)
   where r.refused is not null
   limit 1;
  if guarded is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = guarded,
      hint    = 'Write the column instead; the registry attaches and detaches with it.';
  end if;

  begin
    insert into @schema@.files (id, storage, key, version_id, filename, content_type, size)
    select n."fileId", import_rows.storage, n.key, n."versionId", n.filename, n."contentType", n.size
      from (select distinct on (r.key collate "C") r.*
              from jsonb_to_recordset(rows)
                as r("fileId" uuid, key text, "versionId" text, filename text, "contentType" text, size bigint)
             order by r.key collate "C") n
     where not exists (select from @schema@.files f where f.storage = import_rows.storage and f.key = n.key)
       and n.key !~ '(^|/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*[.]part$';
    get diagnostics imported = row_count;
  exception when unique_violation then
    -- One of them is busy, or came at this moment: each by itself.
    select count(*) into imported
      from (select distinct on (r.key collate "C") r.*
              from jsonb_to_recordset(rows)
                as r("fileId" uuid, key text, "versionId" text, filename text, "contentType" text, size bigint)
             order by r.key collate "C") n
     cross join lateral @schema@.adopt(n."fileId", import_rows.storage, n.key, n."versionId", n.filename, n."contentType",
                                       n.size, null, '{}') adopted
     where adopted is not null;
  end;

  select coalesce(array_agg(f.id)   filter (where f.id is not null), '{}') as ids,
         coalesce(array_agg(r.type) filter (where f.id is not null), '{}') as types,
         coalesce(array_agg(r.id)   filter (where f.id is not null), '{}') as owner_ids,
         coalesce(array_agg(r.slot) filter (where f.id is not null), '{}') as slots,
         coalesce(json_agg(r.key)   filter (where f.id is null), '[]')     as busy
    into known
    from jsonb_to_recordset(rows) as r(key text, type text, id text, slot text)
    left join @schema@.files f on f.storage = import_rows.storage and f.key = r.key;

  attached := @schema@.attach_rows(known.ids, known.types, known.owner_ids, known.slots);
  if attached -> 'attached' is null then
    raise exception using
      errcode = 'serialization_failure',
      message = 'a file was condemned while its reference was imported',
      hint    = 'Import the rows again.';
  end if;
  return json_build_object('files', imported, 'references', attached -> 'attached', 'busy', known.busy);
end
$body$;
