-- Uploads. Law 4: a key is reserved, as a deletion that is due later, before its first byte is written.

-- What the application sees of a file.
create function @schema@.file_json(f @schema@.files) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select json_build_object(
           'id',          f.id,
           'storage',     f.storage,
           'key',         f.key,
           'versionId',   f.version_id,
           'filename',    f.filename,
           'contentType', f.content_type,
           'size',        f.size,
           'checksum',    encode(f.checksum, 'hex'),
           'metadata',    f.metadata,
           'createdAt',   f.created_at)
$body$;


-- Reserves a key. Durable before it returns, whatever the session's synchronous_commit: a crash that forgot a reservation
-- would leave bytes that no row knows.
create function @schema@.reserve(file_id uuid, storage text, key text, filename text, ttl_ms bigint) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  perform set_config('synchronous_commit', 'on', true);

  insert into @schema@.deletions (file_id, storage, key, filename, reason, state, next_attempt_at)
  values (reserve.file_id, reserve.storage, reserve.key, reserve.filename, 'upload', 'reserved',
          clock_timestamp() + ttl_ms * interval '1 millisecond');
end
$body$;


-- Prolongs a reservation while bytes flow. False when it was taken back: the upload must stop.
create function @schema@.renew_reservation(file_id uuid, ttl_ms bigint) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  update @schema@.deletions d
     set next_attempt_at = clock_timestamp() + ttl_ms * interval '1 millisecond'
   where d.file_id = renew_reservation.file_id
     and d.state   = 'reserved';
  return found;
end
$body$;


-- Makes the reserved key a file, once its bytes are durable (law 5). Only a row that is still reserved can be moved; null
-- when it was taken back. Finishing again answers with the file, so that a lost answer can be asked for again.
-- Locks: the reservation's row, which decides against the processor's claim.
create function @schema@.finish_upload(
  file_id uuid, version_id text, content_type text, size bigint, checksum bytea, metadata jsonb
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  file @schema@.files;
begin
  with moved as (
    delete from @schema@.deletions d
     where d.file_id = finish_upload.file_id
       and d.state   = 'reserved'
    returning d.file_id, d.storage, d.key, d.filename
  )
  insert into @schema@.files (id, storage, key, version_id, filename, content_type, size, checksum, metadata)
  select m.file_id, m.storage, m.key, finish_upload.version_id, m.filename, finish_upload.content_type,
         finish_upload.size, finish_upload.checksum, finish_upload.metadata
    from moved m
  returning * into file;

  if not found then
    select * into file from @schema@.files f where f.id = finish_upload.file_id;
  end if;
  if file.id is null then
    return null;
  end if;
  return @schema@.file_json(file);
end
$body$;


-- Gives up an upload: what was written of it is due at once. Also for the write that landed after its reservation was taken
-- back, even after its receipt was written or pruned. Never touches a file.
-- Locks: the upload's row in deletions, then its key, against being adopted at this moment.
create function @schema@.abandon_upload(file_id uuid, storage text, key text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  perform set_config('synchronous_commit', 'on', true);

  -- Whoever finishes the upload at this moment comes first, and then it is a file.
  perform from @schema@.deletions d where d.file_id = abandon_upload.file_id for update;
  if exists (select from @schema@.files f where f.id = abandon_upload.file_id) then
    return;
  end if;

  insert into @schema@.deletions as d (file_id, storage, key, reason, state)
  values (abandon_upload.file_id, abandon_upload.storage, abandon_upload.key, 'upload', 'abandoned')
      on conflict on constraint deletions_pkey do update
     set state           = 'abandoned',
         condemned_at    = clock_timestamp(),
         next_attempt_at = clock_timestamp(),
         lease_token     = null,
         attempts        = 0,
         deleted_at      = null
   where d.reason = 'upload';
end
$body$;
