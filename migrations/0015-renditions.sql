-- Renditions: files made from another file, their original, which holds them by a reference like any other owner; the slot is the
-- canonical spec. A lease says who makes one at the moment, so that of all who ask for it only one does.

-- Law 1 for renditions. The holder is the original that owner_id names, and the slot is the canonical spec: said here and not as
-- column constraints, which every reference of an application would pay for. Originals that held each other would never become
-- unreferenced. Needs the fresh snapshots of READ COMMITTED.
-- Locks: measures what already hangs below the rendition, then walks from the holder upward and locks each original FOR NO KEY
-- UPDATE, so that two sessions that would close a circle together meet on a row; attaching (KEY SHARE) is not disturbed.
create function @schema@.guard_holder() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  holders uuid[];
  depth   integer;
begin
  perform @schema@.require_own_table(tg_table_schema);
  perform @schema@.require_fresh_snapshot('a rendition can be attached to its original');

  if new.owner_type <> 'file' then
    raise exception using
      errcode = 'check_violation',
      message = 'only the owner of a rendition is a file',
      hint    = 'Leave holder_id out.';
  end if;
  new.holder_id := new.owner_id::uuid;
  if new.owner_id <> new.holder_id::text
  or new.slot !~ '^(filter=[A-Za-z0-9][A-Za-z0-9._,@+-]{0,119}(;size=[A-Za-z0-9][A-Za-z0-9._,@+-]{0,119})?|size=[A-Za-z0-9][A-Za-z0-9._,@+-]{0,119})$'
  then
    raise exception using
      errcode = 'check_violation',
      message = format('%L of %L is no rendition''s canonical spec', new.slot, new.owner_id),
      hint    = 'Write the original''s id in lower case, and the spec as filter=…, size=… or filter=…;size=….';
  end if;
  holders := array[new.holder_id];
  perform from @schema@.files f where f.id = new.file_id for no key update;

  with recursive below (file_id, level) as (
    select new.file_id, 1
     union
    select r.file_id, b.level + 1
      from below b
      join @schema@.file_references r on r.holder_id = b.file_id
     where b.level <= 16
  )
  select max(b.level) into depth from below b;

  while holders is not null loop
    if new.file_id = any(holders) then
      raise exception using
        errcode = 'restrict_violation',
        message = format('file %s cannot be held by itself', new.file_id),
        hint    = 'A rendition is made from another file.';
    end if;
    if depth > 16 then
      raise exception using
        errcode = 'restrict_violation',
        message = 'renditions of renditions go 16 deep and no deeper',
        hint    = 'Make the rendition from the first original.';
    end if;

    perform from @schema@.files f where f.id = any(holders) order by f.id for no key update;

    select array_agg(distinct r.holder_id) into holders
      from @schema@.file_references r
     where r.file_id = any(holders)
       and r.holder_id is not null;
    depth := depth + 1;
  end loop;
  return new;
end
$body$;

create trigger guard_holder before insert on @schema@.file_references
  for each row
  when (new.owner_type = 'file' or new.holder_id is not null)
  execute function @schema@.guard_holder();


-- No foreign key to files, it would cost every deletion of a file; the lease of an original that went ends by itself.
create table @schema@.rendition_leases (
  original_id uuid        not null,
  slot        text        collate "C" not null check (octet_length(slot) between 1 and 255),
  token       uuid        not null,
  expires_at  timestamptz not null,
  error       jsonb,

  primary key (original_id, slot)
);

comment on column @schema@.rendition_leases.token is 'whose lease it is or was';
comment on column @schema@.rendition_leases.error is 'why making it failed; told to all who ask until expires_at';

create index rendition_leases_expired on @schema@.rendition_leases (expires_at);


-- The original's rendition by a spec, or null.
create function @schema@.rendition_in(original_id uuid, slot text) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select @schema@.file_json(f)
    from @schema@.file_references r
    join @schema@.files f on f.id = r.file_id
   where r.owner_type = 'file'
     and r.owner_id   = rendition_in.original_id::text
     and r.slot       = rendition_in.slot
$body$;


-- Whether a spec is of a kind and has these parts; null asks for nothing.
create function @schema@.is_rendition_like(slot text, kind text, size text, filter text) returns boolean
  language sql immutable parallel safe
  return (kind is null or kind = case
                                   when starts_with(slot, 'size=') then 'sized'
                                   when position(';' in slot) > 0  then 'filtered-sized'
                                   else 'filtered'
                                 end)
     and (size   is null or split_part(slot, ';', -1) = 'size=' || size)
     and (filter is null or split_part(slot, ';', 1)  = 'filter=' || filter);


-- The renditions of many originals in one round trip. Each row says which original of the list it answers, counted from 0.
create function @schema@.renditions_of(original_ids uuid[], kind text, size text, filter text) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select coalesce(json_agg(json_build_object('original', o.ordinality - 1,
                                             'spec',     r.slot,
                                             'file',     @schema@.file_json(f))
                           order by o.ordinality, r.slot), '[]')
    from unnest(original_ids) with ordinality as o(id, ordinality)
    join @schema@.file_references r on r.holder_id = o.id
    join @schema@.files f on f.id = r.file_id
   where @schema@.is_rendition_like(r.slot, renditions_of.kind, renditions_of.size, renditions_of.filter)
$body$;


-- Drops the originals' references to these renditions; a trigger notes the intents. Dropping them again changes nothing.
-- Locks: the references, in the order of their key, until the caller's transaction ends.
create function @schema@.detach_renditions(original_ids uuid[], kind text, size text, filter text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached integer;
begin
  perform
     from @schema@.file_references r
    where r.holder_id = any(original_ids)
      and @schema@.is_rendition_like(r.slot, detach_renditions.kind, detach_renditions.size, detach_renditions.filter)
    order by r.owner_id, r.slot, r.file_id
      for update;

  delete from @schema@.file_references r
   where r.holder_id = any(original_ids)
     and @schema@.is_rendition_like(r.slot, detach_renditions.kind, detach_renditions.size, detach_renditions.filter);
  get diagnostics detached = row_count;

  return json_build_object('detached', detached);
end
$body$;


-- The originals that a rendition of this one would hang below, itself included, and how deep that is: one more level than the 16
-- that guard_holder allows is enough to know.
create function @schema@.originals_above(original_id uuid, out ids uuid[], out depth integer)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  with recursive above (id, level) as (
    select original_id, 1
     union
    select r.holder_id, a.level + 1
      from above a
      join @schema@.file_references r on r.file_id = a.id and r.holder_id is not null
     where a.level <= 16
  )
  select array_agg(distinct a.id), max(a.level) from above a
$body$;


-- What is against one more rendition of the original: 'depth', 'count' or null.
create function @schema@.rendition_limit(original_id uuid) returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select case
           when (select a.depth from @schema@.originals_above(original_id) a) > 16 then 'depth'
           when (select count(*)
                   from @schema@.file_references r
                  where r.holder_id = rendition_limit.original_id) >= 1000 then 'count'
         end
$body$;


-- Answers with the rendition, one statement where it is there, or takes the lease to make it: { "rendition" }, { "leased", "original" }, { "busy" }
-- where another has the lease, { "failed" } with the error of the last try until that is forgotten, { "limit" }, { "missing",
-- "condemned" } where the original is no file. A token that is null takes no lease: { "absent" }. Every lease that is taken clears
-- away up to ten that ended long ago, so that the table cleans itself; a maker that is a little late may still finish.
-- Locks: the lease's row, if it is there and has ended; others' are passed by.
create function @schema@.begin_rendition(original_id uuid, slot text, token uuid, lease_ms bigint) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  rendition json := @schema@.rendition_in(original_id, slot);
  lease     @schema@.rendition_leases;
  limited   text;
  original  json;
begin
  if rendition is not null then
    return json_build_object('rendition', rendition);
  end if;
  if not exists (select from @schema@.files f where f.id = begin_rendition.original_id) then
    return @schema@.explain_missing(array[original_id]);
  end if;
  if token is null then
    return json_build_object('absent', true);
  end if;

  -- Looked at before it is tried, because trying writes even where it fails, and many may be waiting.
  select * into lease
    from @schema@.rendition_leases l
   where l.original_id = begin_rendition.original_id
     and l.slot        = begin_rendition.slot
     and l.expires_at  > clock_timestamp();
  if found then
    return case
             when lease.error is null then json_build_object('busy', true)
             else json_build_object('failed', lease.error)
           end;
  end if;

  perform @schema@.require_fresh_snapshot('a rendition can be made');
  limited := @schema@.rendition_limit(original_id);
  if limited is not null then
    return json_build_object('limit', limited);
  end if;

  insert into @schema@.rendition_leases as l (original_id, slot, token, expires_at)
  values (begin_rendition.original_id, begin_rendition.slot, begin_rendition.token,
          clock_timestamp() + lease_ms * interval '1 millisecond')
      on conflict on constraint rendition_leases_pkey do update
     set token      = excluded.token,
         expires_at = excluded.expires_at,
         error      = null
   where l.expires_at <= clock_timestamp();
  if not found then
    return json_build_object('busy', true);
  end if;

  -- Finishing commits the reference and the end of its lease together: who has the lease sees what was made before.
  rendition := @schema@.rendition_in(original_id, slot);
  if rendition is not null then
    perform @schema@.release_rendition(original_id, slot, token);
    return json_build_object('rendition', rendition);
  end if;

  with ended as materialized (
    select l.original_id, l.slot
      from @schema@.rendition_leases l
     where l.expires_at <= clock_timestamp() - interval '1 minute'
     order by l.expires_at
     limit 10
       for update skip locked
  )
  delete from @schema@.rendition_leases l
   using ended e
   where l.original_id = e.original_id
     and l.slot        = e.slot;

  original := (select @schema@.file_json(f) from @schema@.files f where f.id = begin_rendition.original_id);
  if original is null then
    perform @schema@.release_rendition(original_id, slot, token);
    return @schema@.explain_missing(array[original_id]);
  end if;
  return json_build_object('leased', true, 'original', original);
end
$body$;


-- Prolongs a lease while its rendition is being made. False when another has taken it over: the maker must stop.
create function @schema@.renew_rendition_lease(original_id uuid, slot text, token uuid, lease_ms bigint) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  update @schema@.rendition_leases l
     set expires_at = clock_timestamp() + lease_ms * interval '1 millisecond'
   where l.original_id = renew_rendition_lease.original_id
     and l.slot        = renew_rendition_lease.slot
     and l.token       = renew_rendition_lease.token
     and l.error is null;
  return found;
end
$body$;


-- Ends a lease with the error that all who ask are told for a while. False when another has taken it over.
create function @schema@.fail_rendition(original_id uuid, slot text, token uuid, error jsonb, failure_ttl_ms bigint) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
begin
  update @schema@.rendition_leases l
     set error      = fail_rendition.error,
         expires_at = clock_timestamp() + failure_ttl_ms * interval '1 millisecond'
   where l.original_id = fail_rendition.original_id
     and l.slot        = fail_rendition.slot
     and l.token       = fail_rendition.token
     and l.error is null;
  return found;
end
$body$;


-- Ends a lease without an outcome, so that the next who asks makes the rendition.
create function @schema@.release_rendition(original_id uuid, slot text, token uuid) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
  delete from @schema@.rendition_leases l
   where l.original_id = release_rendition.original_id
     and l.slot        = release_rendition.slot
     and l.token       = release_rendition.token
     and l.error is null
$body$;


-- Makes the reserved key a file, once its bytes are durable (law 5), and the original's rendition, in one. Where replace is true it
-- takes the place of the one that is there, whose intent is noted; else that one is the answer and the upload is to be abandoned.
-- A token that is null needs no lease. Answers { "rendition" }; { "existing" }; { "missing", "condemned" } where the original went;
-- { "limit" }; { "busy" } where a transaction of the application is in the way; { "lost" } where the lease is another's; { "expired" }
-- where the reservation was taken back. Finishing again answers the same, so that a lost answer can be asked for again.
-- Locks: the lease; the original and those above it FOR NO KEY UPDATE, in the order of their ids, as guard_holder will: attaching
-- (KEY SHARE) is not disturbed, erasing and condemning are; then the reservation's row, then the reference that is replaced. None is
-- waited for longer than lock_timeout, which is shorter than deadlock_timeout, so that nothing hangs on an application's transaction.
create function @schema@.finish_rendition(
  file_id uuid, version_id text, content_type text, size bigint, checksum bytea, metadata jsonb,
  original_id uuid, slot text, token uuid, replace boolean
) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  made    json := (select @schema@.file_json(f) from @schema@.files f where f.id = finish_rendition.file_id);
  held    json;
  limited text;
begin
  if made is not null then
    return json_build_object('rendition', made);
  end if;
  perform @schema@.require_fresh_snapshot('a rendition can be finished');
  perform set_config('lock_timeout', '200ms', true);

  begin
    if token is not null then
      perform
         from @schema@.rendition_leases l
        where l.original_id = finish_rendition.original_id
          and l.slot        = finish_rendition.slot
          and l.token       = finish_rendition.token
          and l.error is null
          for update;
      if not found then
        return json_build_object('lost', true);
      end if;
    end if;

    perform
       from @schema@.files f
      where f.id = any((select a.ids from @schema@.originals_above(finish_rendition.original_id) a)::uuid[])
      order by f.id
        for no key update;
    if not exists (select from @schema@.files f where f.id = finish_rendition.original_id) then
      perform @schema@.release_rendition(original_id, slot, token);
      return @schema@.explain_missing(array[original_id]);
    end if;

    held := @schema@.rendition_in(original_id, slot);
    if held is not null and not replace then
      perform @schema@.release_rendition(original_id, slot, token);
      return json_build_object('existing', held);
    end if;
    limited := @schema@.rendition_limit(original_id);
    if limited = 'depth' or limited = 'count' and held is null then
      perform @schema@.release_rendition(original_id, slot, token);
      return json_build_object('limit', limited);
    end if;

    made := @schema@.finish_upload(file_id, version_id, content_type, size, checksum, metadata);
    if made is null then
      return json_build_object('expired', true);
    end if;
    delete from @schema@.file_references r
     where r.holder_id = finish_rendition.original_id
       and r.slot      = finish_rendition.slot;
    insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
    values (finish_rendition.file_id, 'file', finish_rendition.original_id::text, finish_rendition.slot);
    perform @schema@.release_rendition(original_id, slot, token);
  exception when lock_not_available or deadlock_detected then
    return json_build_object('busy', true);
  end;
  return json_build_object('rendition', made);
end
$body$;
