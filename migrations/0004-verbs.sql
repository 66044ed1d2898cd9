-- The verbs that belong into the application's transaction. Each is one statement for the caller and answers with one json.

create function @schema@.refuse_reserved_owner(owner_type text) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $body$
begin
  if owner_type = 'file' or starts_with(owner_type, 'registry:') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('owner type %L is reserved', owner_type),
      hint    = 'Choose another type; ''file'' and what begins with ''registry:'' belong to the registry.';
  end if;
end
$body$;


-- Why files cannot be attached: condemned ones were files once, missing ones never were or their receipt is pruned.
create function @schema@.explain_missing(file_ids uuid[]) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $body$
  select json_build_object(
           'missing',   coalesce(json_agg(w.id) filter (where d.state is null or d.state in ('reserved', 'abandoned')), '[]'),
           'condemned', coalesce(json_agg(w.id) filter (where d.state in ('condemned', 'deleted')), '[]'))
    from (select distinct unnest(file_ids) as id) w
    left join @schema@.files f on f.id = w.id
    left join @schema@.deletions d on d.file_id = w.id
   where f.id is null
$body$;


-- Attaches all the files to the owner, or none of them. Attaching again changes nothing.
-- Locks: KEY SHARE on the file rows, in the order of their ids, until the caller's transaction ends. It waits only for the
-- processor's short settle, and where that condemned the file, the row is gone and the answer says so.
create function @schema@.attach(file_ids uuid[], owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  wanted   integer := cardinality(file_ids);
  held     integer;
  attached integer;
begin
  perform @schema@.refuse_reserved_owner(attach.owner_type);

  if wanted > 1 then
    select count(distinct id) into wanted from unnest(file_ids) id;
  end if;

  with held_files as materialized (
    select f.id
      from @schema@.files f
     where f.id = any(file_ids)
     order by f.id
       for key share
  ), attached_files as (
    insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
    select h.id, attach.owner_type, attach.owner_id, attach.slot
      from held_files h
     where (select count(*) from held_files) = wanted
        on conflict do nothing
    returning 1
  )
  select (select count(*) from held_files), (select count(*) from attached_files) into held, attached;

  if held < wanted then
    return @schema@.explain_missing(file_ids);
  end if;
  return json_build_object('attached', attached);
end
$body$;


-- Attaches many files to many owners, all or none: pairs is [{ "fileId", "type", "id", "slot" }, …].
-- Locks: as attach. References are written in the order of their key, so that two calls cannot deadlock on them.
create function @schema@.attach_many(pairs jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  file_ids uuid[];
  held     integer;
  attached integer;
begin
  perform @schema@.refuse_reserved_owner(p.type)
     from (select distinct x.type from jsonb_to_recordset(pairs) as x(type text)) p;

  select array_agg(distinct x."fileId") into file_ids
    from jsonb_to_recordset(pairs) as x("fileId" uuid);

  with held_files as materialized (
    select f.id
      from @schema@.files f
     where f.id = any(file_ids)
     order by f.id
       for key share
  ), attached_files as (
    insert into @schema@.file_references (file_id, owner_type, owner_id, slot)
    select distinct x."fileId", x.type, x.id, x.slot
      from jsonb_to_recordset(pairs) as x("fileId" uuid, type text, id text, slot text)
     where (select count(*) from held_files) = cardinality(file_ids)
     order by x.type, x.id, x.slot, x."fileId"
        on conflict do nothing
    returning 1
  )
  select (select count(*) from held_files), (select count(*) from attached_files) into held, attached;

  if held < cardinality(file_ids) then
    return @schema@.explain_missing(file_ids);
  end if;
  return json_build_object('attached', coalesce(attached, 0));
end
$body$;


-- Drops the owner's references to these files; a trigger notes the intents. Detaching again changes nothing.
-- Locks: the references, in the order of their key, until the caller's transaction ends.
create function @schema@.detach(file_ids uuid[], owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached integer;
begin
  perform @schema@.refuse_reserved_owner(detach.owner_type);

  if cardinality(file_ids) > 1 then
    perform
       from @schema@.file_references r
      where r.owner_type = detach.owner_type
        and r.owner_id   = detach.owner_id
        and r.slot       = detach.slot
        and r.file_id    = any(file_ids)
      order by r.file_id
        for update;
  end if;

  delete from @schema@.file_references r
   where r.owner_type = detach.owner_type
     and r.owner_id   = detach.owner_id
     and r.slot       = detach.slot
     and r.file_id    = any(file_ids);
  get diagnostics detached = row_count;

  return json_build_object('detached', detached);
end
$body$;


-- Drops every reference of the owner, or of one of its slots where slot is not null.
-- Locks: the references, in the order of their key, until the caller's transaction ends.
create function @schema@.detach_all(owner_type text, owner_id text, slot text) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  detached integer;
begin
  perform @schema@.refuse_reserved_owner(detach_all.owner_type);

  perform
     from @schema@.file_references r
    where r.owner_type = detach_all.owner_type
      and r.owner_id   = detach_all.owner_id
      and (r.slot = detach_all.slot or detach_all.slot is null)
    order by r.slot, r.file_id
      for update;

  delete from @schema@.file_references r
   where r.owner_type = detach_all.owner_type
     and r.owner_id   = detach_all.owner_id
     and (r.slot = detach_all.slot or detach_all.slot is null);
  get diagnostics detached = row_count;

  return json_build_object('detached', detached);
end
$body$;


-- Makes the slot hold exactly these files. What it holds already stays untouched, so that replacing a file by itself notes
-- no intent. A missing file leaves the slot as it was.
-- Locks: first an advisory lock on the slot, so that two replacements of it run one after the other; then as attach and
-- detach. All until the caller's transaction ends.
create function @schema@.replace(owner_type text, owner_id text, slot text, file_ids uuid[]) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
declare
  outcome  json;
  detached integer;
begin
  perform @schema@.refuse_reserved_owner(replace.owner_type);
  perform pg_advisory_xact_lock(
            hashtextextended(format('%L %L %L', replace.owner_type, replace.owner_id, replace.slot), 4276215469));

  if cardinality(file_ids) > 0 then
    outcome := @schema@.attach(file_ids, replace.owner_type, replace.owner_id, replace.slot);
    if outcome -> 'attached' is null then
      return outcome;
    end if;
  end if;

  perform
     from @schema@.file_references r
    where r.owner_type = replace.owner_type
      and r.owner_id   = replace.owner_id
      and r.slot       = replace.slot
      and r.file_id   <> all(file_ids)
    order by r.file_id
      for update;

  delete from @schema@.file_references r
   where r.owner_type = replace.owner_type
     and r.owner_id   = replace.owner_id
     and r.slot       = replace.slot
     and r.file_id   <> all(file_ids);
  get diagnostics detached = row_count;

  return json_build_object('attached', coalesce((outcome ->> 'attached')::integer, 0), 'detached', detached);
end
$body$;
